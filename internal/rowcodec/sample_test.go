package rowcodec

import (
	"database/sql/driver"
	"fmt"
	"math"
	"reflect"
	"time"
)

var sampleColumns = []Column{
	{Name: "id", DatabaseType: "INT8", ScanType: reflect.TypeFor[int64]()},
	{Name: "tenant_id", DatabaseType: "INT4", ScanType: reflect.TypeFor[int32]()},
	{Name: "email", DatabaseType: "TEXT", ScanType: reflect.TypeFor[string](), Length: math.MaxInt64, HasLength: true},
	{Name: "name", DatabaseType: "VARCHAR", ScanType: reflect.TypeFor[string](), Length: 80, HasLength: true},
	{Name: "active", DatabaseType: "BOOL", ScanType: reflect.TypeFor[bool]()},
	{Name: "balance", DatabaseType: "NUMERIC", ScanType: reflect.TypeFor[float64](), Precision: 12, Scale: 2, HasPrecisionScale: true},
	{Name: "score", DatabaseType: "FLOAT8", ScanType: reflect.TypeFor[float64]()},
	{Name: "created_at", DatabaseType: "TIMESTAMPTZ", ScanType: reflect.TypeFor[time.Time]()},
	{Name: "avatar", DatabaseType: "BYTEA", ScanType: reflect.TypeFor[[]byte](), Length: math.MaxInt64, HasLength: true},
	{Name: "note", DatabaseType: "TEXT", ScanType: reflect.TypeFor[string](), Length: math.MaxInt64, HasLength: true},
}

// sample is what an ordinary table gives: ten columns of mixed types.
func sample(rows int) table {
	tb := table{columns: sampleColumns}
	for i := range rows {
		var note driver.Value
		if i%3 == 0 {
			note = fmt.Sprintf("note on row %d, a little longer than the other texts are", i)
		}
		tb.rows = append(tb.rows, []driver.Value{
			int64(100000 + i), int64(i % 17),
			fmt.Sprintf("user%d@example.com", i), fmt.Sprintf("User Number %d", i),
			i%2 == 0, fmt.Sprintf("%d.%02d", i*7, i%100), float64(i) / 7,
			time.Unix(1700000000+int64(i)*61, int64(i%1000)*1000).UTC(),
			[]byte(fmt.Sprintf("\x89PNG%016x", uint64(i)*0x9e3779b97f4a7c15)), note,
		})
	}
	return tb
}
