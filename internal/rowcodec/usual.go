package rowcodec

import (
	"database/sql"
	"math"
	"reflect"
	"time"
)

// usualColumns numbers what drivers say of the columns most tables have, but
// for their names: one byte in place of three or more, in every entry. A
// position is part of the format: add at the end only, and never more than 256.
var usualColumns = append([]Column{{}}, usual()...) // 0 is for all others

var usualNumbers = numbers(usualColumns)

func usual() (all []Column) {
	add := func(database string, scan reflect.Type, change func(*Column)) {
		c := Column{DatabaseType: database, ScanType: scan}
		if change != nil {
			change(&c)
		}
		all = append(all, c)
	}
	length := func(n int64) func(*Column) {
		return func(c *Column) { c.Length, c.HasLength = n, true }
	}
	unlimited := length(math.MaxInt64)
	text, bytes, float, at := reflect.TypeFor[string](), reflect.TypeFor[[]byte](), reflect.TypeFor[float64](), reflect.TypeFor[time.Time]()

	// PostgreSQL, as pgx describes them
	add("BOOL", reflect.TypeFor[bool](), nil)
	add("INT2", reflect.TypeFor[int16](), nil)
	add("INT4", reflect.TypeFor[int32](), nil)
	add("INT8", reflect.TypeFor[int64](), nil)
	add("FLOAT4", reflect.TypeFor[float32](), nil)
	add("FLOAT8", float, nil)
	add("TEXT", text, unlimited)
	add("VARCHAR", text, length(-5)) // without a length
	for _, n := range []int64{255, 100, 64, 50, 32} {
		add("VARCHAR", text, length(n))
	}
	add("BYTEA", bytes, unlimited)
	for _, name := range []string{"JSON", "JSONB", "UUID", "TIME", "INTERVAL", "INET", "_TEXT", "_INT4", "_INT8"} {
		add(name, text, nil)
	}
	for _, name := range []string{"DATE", "TIMESTAMP", "TIMESTAMPTZ"} {
		add(name, at, nil)
	}
	for _, p := range [][2]int64{{65535, 65531}, {10, 2}, {12, 2}} { // the first is without a precision
		add("NUMERIC", float, func(c *Column) { c.Precision, c.Scale, c.HasPrecisionScale = p[0], p[1], true })
	}

	// MySQL and MariaDB, as go-sql-driver describes them: each NULL and NOT NULL
	both := func(database string, scan, scanNotNull reflect.Type, change func(*Column)) {
		for _, nullable := range []bool{true, false} {
			c := Column{DatabaseType: database, ScanType: scanNotNull, Nullable: nullable, HasNullable: true}
			if nullable {
				c.ScanType = scan
			}
			if change != nil {
				change(&c)
			}
			all = append(all, c)
		}
	}
	digits := func(precision, scale int64) func(*Column) {
		return func(c *Column) { c.Precision, c.Scale, c.HasPrecisionScale = precision, scale, true }
	}
	null, nullFloat, nullText, nullTime := reflect.TypeFor[sql.NullInt64](), reflect.TypeFor[sql.NullFloat64](), reflect.TypeFor[sql.NullString](), reflect.TypeFor[sql.NullTime]()
	both("TINYINT", null, reflect.TypeFor[int8](), nil)
	both("SMALLINT", null, reflect.TypeFor[int16](), nil)
	both("INT", null, reflect.TypeFor[int32](), nil)
	both("BIGINT", null, reflect.TypeFor[int64](), nil)
	both("UNSIGNED TINYINT", null, reflect.TypeFor[uint8](), nil)
	both("UNSIGNED INT", null, reflect.TypeFor[uint32](), nil)
	both("UNSIGNED BIGINT", reflect.TypeFor[sql.Null[uint64]](), reflect.TypeFor[uint64](), nil)
	both("FLOAT", nullFloat, reflect.TypeFor[float32](), digits(math.MaxInt64, math.MaxInt64))
	both("DOUBLE", nullFloat, float, digits(math.MaxInt64, math.MaxInt64))
	both("DECIMAL", nullText, text, digits(10, 2))
	both("DECIMAL", nullText, text, digits(12, 2))
	both("DATE", nullTime, nullTime, nil)
	for _, name := range []string{"DATETIME", "TIMESTAMP"} {
		both(name, nullTime, nullTime, digits(0, 0))
		both(name, nullTime, nullTime, digits(6, 6))
	}
	both("YEAR", null, reflect.TypeFor[uint16](), nil)
	for _, name := range []string{"CHAR", "VARCHAR", "TEXT", "ENUM"} {
		both(name, nullText, text, nil)
	}
	for _, name := range []string{"BINARY", "VARBINARY", "BLOB"} {
		both(name, bytes, bytes, nil)
	}
	return all
}
