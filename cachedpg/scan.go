package cachedpg

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// Since Go 1.27 pgx scans columns itself, so that bigint[] goes into []int64
// and int4range into pgtype.Range. A cached row has the driver.Value instead of the
// wire's bytes. It is brought back to bytes and scanned by the same type map.

var (
	scannerType      = reflect.TypeFor[sql.Scanner]()
	arraySetterType  = reflect.TypeFor[pgtype.ArraySetter]()
	bytesScannerType = reflect.TypeFor[pgtype.BytesScanner]()
	timeType         = reflect.TypeFor[time.Time]()
)

// ownDestinations remembers the answer per type; there are few.
var ownDestinations sync.Map // reflect.Type -> bool

// ownDestination reports whether pgx scans into dest without database/sql's
// conversions. It has to draw the line where stdlib's ScanColumn does.
func ownDestination(dest any) bool {
	t := reflect.TypeOf(dest)
	if t == nil || t.Kind() == reflect.Pointer && reflect.ValueOf(dest).IsNil() {
		return false // database/sql's error is as good
	}
	if own, ok := ownDestinations.Load(t); ok {
		return own.(bool)
	}
	own := !isScalar(t)
	ownDestinations.Store(t, own)
	return own
}

// isScalar reports whether database/sql can convert into t: a Scanner, or
// pointers that lead to a basic type, []byte, an interface or a time.
func isScalar(t reflect.Type) bool {
	seen := map[reflect.Type]bool{}
	for ; ; t = t.Elem() {
		switch {
		case t.Implements(scannerType):
			return true
		case t.Implements(arraySetterType), t.Implements(bytesScannerType):
			return false
		case t.Kind() != reflect.Pointer:
			return isScalarKind(t)
		case t.Name() != "" && seen[t]: // type P *P
			return false
		}
		seen[t] = true
	}
}

func isScalarKind(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Interface, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	case reflect.Slice:
		return t.Elem().Kind() == reflect.Uint8
	case reflect.Struct:
		return t.ConvertibleTo(timeType)
	}
	return false
}

// spareMaps serve where there is no connection at hand. A Map is not safe for
// concurrent use, and costly to make.
var spareMaps = sync.Pool{New: func() any { return pgtype.NewMap() }}

func scanColumn(c driver.Conn, databaseType string, v driver.Value, dest any) error {
	if conn := pgxConn(c); conn != nil {
		return scanValue(conn.TypeMap(), databaseType, v, dest)
	}
	m := spareMaps.Get().(*pgtype.Map)
	defer spareMaps.Put(m)
	return scanValue(m, databaseType, v, dest)
}

func scanValue(m *pgtype.Map, databaseType string, v driver.Value, dest any) error {
	oid := typeOID(m, databaseType)
	format, src, err := wireForm(m, oid, v)
	if err != nil {
		return err
	}
	return m.Scan(oid, format, src, dest)
}

// typeOID undoes ColumnTypeDatabaseTypeName, which is the name in capitals, or
// the number of a type that the map does not know. 0, should a registered
// name have capitals of its own, lets the destination decide how to read text.
func typeOID(m *pgtype.Map, databaseType string) uint32 {
	for _, name := range []string{strings.ToLower(databaseType), databaseType} {
		if t, ok := m.TypeForName(name); ok {
			return t.OID
		}
	}
	oid, err := strconv.ParseUint(databaseType, 10, 32)
	if err != nil {
		return 0
	}
	return uint32(oid)
}

// binaryOIDs are the types that stdlib asks for in binary.
var binaryOIDs = []uint32{
	pgtype.BoolOID, pgtype.ByteaOID, pgtype.CIDOID, pgtype.DateOID, pgtype.Float4OID, pgtype.Float8OID, pgtype.Int2OID,
	pgtype.Int4OID, pgtype.Int8OID, pgtype.OIDOID, pgtype.TimestampOID, pgtype.TimestamptzOID, pgtype.XIDOID,
}

// wireForm returns v as the server would have sent it to stdlib. Text came as
// text; the types that stdlib asks for in binary and turns into Go values are
// encoded again, except infinite dates, which it turns into words.
func wireForm(m *pgtype.Map, oid uint32, v driver.Value) (format int16, src []byte, err error) {
	switch v := v.(type) {
	case nil:
		if slices.Contains(binaryOIDs, oid) {
			return pgtype.BinaryFormatCode, nil, nil
		}
		return pgtype.TextFormatCode, nil, nil
	case string:
		return pgtype.TextFormatCode, []byte(v), nil
	case []byte:
		if oid == pgtype.ByteaOID {
			return pgtype.BinaryFormatCode, v, nil
		}
		return pgtype.TextFormatCode, v, nil // json, jsonb, xml
	case int64:
		if oid == pgtype.CIDOID || oid == pgtype.OIDOID || oid == pgtype.XIDOID {
			src, err = m.Encode(oid, pgtype.BinaryFormatCode, uint32(v), nil)
			return pgtype.BinaryFormatCode, src, err
		}
	}
	src, err = m.Encode(oid, pgtype.BinaryFormatCode, v, nil)
	if err != nil {
		return 0, nil, fmt.Errorf("cachedpg: encode a cached %T again: %w", v, err)
	}
	return pgtype.BinaryFormatCode, src, nil
}
