package rowcodec

import (
	"database/sql"
	"encoding/json"
	"reflect"
	"time"
)

// scanTypes numbers the scan types drivers return. A type's position is part
// of the format: add at the end only.
var scanTypes = []reflect.Type{
	nil,
	reflect.TypeFor[any](),
	reflect.TypeFor[*any](), // go-sql-driver's word for "unknown"
	reflect.TypeFor[bool](),
	reflect.TypeFor[int](),
	reflect.TypeFor[int8](),
	reflect.TypeFor[int16](),
	reflect.TypeFor[int32](),
	reflect.TypeFor[int64](),
	reflect.TypeFor[uint](),
	reflect.TypeFor[uint8](),
	reflect.TypeFor[uint16](),
	reflect.TypeFor[uint32](),
	reflect.TypeFor[uint64](),
	reflect.TypeFor[float32](),
	reflect.TypeFor[float64](),
	reflect.TypeFor[string](),
	reflect.TypeFor[[]byte](),
	reflect.TypeFor[time.Time](),
	reflect.TypeFor[sql.RawBytes](),
	reflect.TypeFor[json.RawMessage](),
	reflect.TypeFor[sql.NullBool](),
	reflect.TypeFor[sql.NullByte](),
	reflect.TypeFor[sql.NullInt16](),
	reflect.TypeFor[sql.NullInt32](),
	reflect.TypeFor[sql.NullInt64](),
	reflect.TypeFor[sql.NullFloat64](),
	reflect.TypeFor[sql.NullString](),
	reflect.TypeFor[sql.NullTime](),
	reflect.TypeFor[sql.Null[bool]](),
	reflect.TypeFor[sql.Null[int]](),
	reflect.TypeFor[sql.Null[int8]](),
	reflect.TypeFor[sql.Null[int16]](),
	reflect.TypeFor[sql.Null[int32]](),
	reflect.TypeFor[sql.Null[int64]](),
	reflect.TypeFor[sql.Null[uint]](),
	reflect.TypeFor[sql.Null[uint8]](),
	reflect.TypeFor[sql.Null[uint16]](),
	reflect.TypeFor[sql.Null[uint32]](),
	reflect.TypeFor[sql.Null[uint64]](),
	reflect.TypeFor[sql.Null[float32]](),
	reflect.TypeFor[sql.Null[float64]](),
	reflect.TypeFor[sql.Null[string]](),
	reflect.TypeFor[sql.Null[[]byte]](),
	reflect.TypeFor[sql.Null[time.Time]](),
	reflect.TypeFor[*bool](),
	reflect.TypeFor[*int16](),
	reflect.TypeFor[*int32](),
	reflect.TypeFor[*int64](),
	reflect.TypeFor[*uint64](),
	reflect.TypeFor[*float32](),
	reflect.TypeFor[*float64](),
	reflect.TypeFor[*string](),
	reflect.TypeFor[*[]byte](),
	reflect.TypeFor[*time.Time](),
}

var scanNumbers = numbers(scanTypes)

// spelledType is the number of every name not in the list; the name follows.
const spelledType = 0

// typeNames numbers the database type names that are common enough to save
// their bytes in every entry. A position is part of the format: add at the
// end only, and never more than 256.
var typeNames = []string{
	spelledType: "\x00", 1: "",
	// PostgreSQL, as pgx writes them
	"BOOL", "BYTEA", "NAME", "INT2", "INT4", "INT8", "TEXT", "OID", "JSON",
	"JSONB", "XML", "FLOAT4", "FLOAT8", "MONEY", "MACADDR", "INET", "CIDR",
	"BPCHAR", "VARCHAR", "DATE", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "TIMETZ",
	"INTERVAL", "BIT", "VARBIT", "NUMERIC", "UUID", "VOID", "RECORD",
	"_BOOL", "_BYTEA", "_INT2", "_INT4", "_INT8", "_TEXT", "_VARCHAR",
	"_FLOAT4", "_FLOAT8", "_NUMERIC", "_UUID", "_DATE", "_TIMESTAMP",
	"_TIMESTAMPTZ", "_JSONB", "INT4RANGE", "INT8RANGE", "NUMRANGE", "TSRANGE",
	"TSTZRANGE", "DATERANGE", "HSTORE", "CITEXT",
	// MySQL and MariaDB
	"TINYINT", "UNSIGNED TINYINT", "SMALLINT", "UNSIGNED SMALLINT",
	"MEDIUMINT", "UNSIGNED MEDIUMINT", "INT", "UNSIGNED INT", "BIGINT",
	"UNSIGNED BIGINT", "YEAR", "FLOAT", "DOUBLE", "DECIMAL", "CHAR", "BINARY",
	"VARBINARY", "TINYTEXT", "MEDIUMTEXT", "LONGTEXT", "TINYBLOB", "BLOB",
	"MEDIUMBLOB", "LONGBLOB", "ENUM", "SET", "DATETIME", "GEOMETRY", "VECTOR",
	"NULL",
	// SQLite
	"INTEGER", "REAL", "BOOLEAN",
}

var typeNumbers = numbers(typeNames)

func numbers[T comparable](list []T) map[T]byte {
	m := make(map[T]byte, len(list))
	for i, v := range list {
		m[v] = byte(i)
	}
	return m
}
