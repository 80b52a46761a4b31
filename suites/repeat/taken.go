package repeat

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"time"
)

func (k *Connector) compare(text string, miss, hit, bare taken) {
	k.Compared()
	for way, got := range map[string]taken{"miss": miss, "hit": hit} {
		if !reflect.DeepEqual(got, bare) {
			k.Different(text, fmt.Sprintf("%s %+v", way, got), fmt.Sprintf("%+v", bare))
		}
	}
}

// taken is everything that a result says.
type taken struct {
	sets    []set
	closing string
}

// set is one of a statement's result sets.
type set struct {
	columns []string
	rows    [][]any
	err     string // in the middle
}

func take(r driver.Rows) (t taken) {
	for {
		s := takeSet(r)
		t.sets = append(t.sets, s)
		more, ok := r.(driver.RowsNextResultSet)
		if s.err != "" || !ok || !more.HasNextResultSet() || more.NextResultSet() != nil {
			break
		}
	}
	if err := r.Close(); err != nil {
		t.closing = err.Error()
	}
	return t
}

func takeSet(r driver.Rows) (s set) {
	for i, name := range r.Columns() {
		s.columns = append(s.columns, name+" "+describe(r, i))
	}
	for {
		row := make([]driver.Value, len(s.columns))
		if err := r.Next(row); err != nil {
			if !errors.Is(err, io.EOF) {
				s.err = err.Error()
			}
			return s
		}
		s.rows = append(s.rows, keep(row))
	}
}

func keep(row []driver.Value) []any {
	kept := make([]any, len(row))
	for i, v := range row {
		switch v := v.(type) {
		case []byte:
			kept[i] = slices.Clone(v) // the driver's until the next row
		case time.Time:
			kept[i] = v.Format(time.RFC3339Nano) + v.Location().String()
		case float64:
			kept[i] = fmt.Sprintf("float64 %v %x", v, math.Float64bits(v)) // NaN is not equal to itself
		case float32:
			kept[i] = fmt.Sprintf("float32 %v %x", v, math.Float32bits(v))
		default:
			kept[i] = v
		}
	}
	return kept
}

// describe returns what database/sql would learn of a column. What a driver
// does not have is answered as database/sql answers it.
func describe(r driver.Rows, i int) (words string) {
	defer func() {
		if p := recover(); p != nil { // some drivers cannot tell before the first row
			words = fmt.Sprint("panic: ", p)
		}
	}()
	var name string
	scan := reflect.TypeFor[any]()
	var length, precision, scale int64
	var nullable, hasLength, hasNullable, hasPrecision bool
	if t, ok := r.(driver.RowsColumnTypeDatabaseTypeName); ok {
		name = t.ColumnTypeDatabaseTypeName(i)
	}
	if t, ok := r.(driver.RowsColumnTypeScanType); ok {
		scan = t.ColumnTypeScanType(i)
	}
	if t, ok := r.(driver.RowsColumnTypeLength); ok {
		length, hasLength = t.ColumnTypeLength(i)
	}
	if t, ok := r.(driver.RowsColumnTypeNullable); ok {
		nullable, hasNullable = t.ColumnTypeNullable(i)
	}
	if t, ok := r.(driver.RowsColumnTypePrecisionScale); ok {
		precision, scale, hasPrecision = t.ColumnTypePrecisionScale(i)
	}
	return fmt.Sprint(name, " ", scan, " ", length, hasLength, nullable, hasNullable, precision, scale, hasPrecision)
}
