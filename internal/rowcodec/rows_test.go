package rowcodec

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"testing"
	"time"
)

// table is a result set as a test writes and reads it.
type table struct {
	columns []Column
	rows    [][]driver.Value
}

func encode(t testing.TB, e *Encoder, h Header, tables ...table) []byte {
	t.Helper()
	e.Reset()
	for _, tb := range tables {
		if err := e.BeginSet(tb.columns); err != nil {
			t.Fatalf("BeginSet: %v", err)
		}
		for _, row := range tb.rows {
			if err := e.Row(row); err != nil {
				t.Fatalf("Row: %v", err)
			}
		}
	}
	return e.Finish(h)
}

// walk reads everything a Result has.
func walk(r *Result) ([]table, error) {
	var tables []table
	for set := range r.Sets() {
		tb := table{columns: r.Columns(set)}
		c := r.Cursor(set)
		for {
			row := make([]driver.Value, len(tb.columns))
			err := c.Next(row)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, err
			}
			tb.rows = append(tb.rows, row)
		}
		tables = append(tables, tb)
	}
	return tables, nil
}

func mustDecode(t testing.TB, entry []byte) *Result {
	t.Helper()
	r, err := Decode(entry)
	if err != nil {
		t.Fatalf("Decode: %v", err)
	}
	return r
}

func mustBox(t testing.TB, r *Result) *Result {
	t.Helper()
	boxed, err := r.Boxed()
	if err != nil {
		t.Fatalf("Boxed: %v", err)
	}
	return boxed
}

// checkTables compares what r holds with want, lazily decoded and boxed.
func checkTables(t testing.TB, r *Result, want []table) {
	t.Helper()
	for form, r := range map[string]*Result{"lazy": r, "boxed": mustBox(t, r)} {
		got, err := walk(r)
		if err != nil {
			t.Fatalf("%s: %v", form, err)
		}
		if len(got) != len(want) {
			t.Fatalf("%s: %d sets, want %d", form, len(got), len(want))
		}
		for set := range want {
			if diff := diffTables(got[set], want[set]); diff != "" {
				t.Fatalf("%s: set %d: %s", form, set, diff)
			}
			if n := r.Rows(set); n != int64(len(want[set].rows)) {
				t.Fatalf("%s: Rows(%d) = %d, want %d", form, set, n, len(want[set].rows))
			}
		}
	}
}

func diffTables(got, want table) string {
	if len(got.columns) != len(want.columns) || len(got.rows) != len(want.rows) {
		return fmt.Sprintf("%d columns, %d rows, want %d, %d",
			len(got.columns), len(got.rows), len(want.columns), len(want.rows))
	}
	for i := range want.columns {
		if got.columns[i] != want.columns[i] {
			return fmt.Sprintf("column %d:\n got %+v\nwant %+v", i, got.columns[i], want.columns[i])
		}
	}
	for i := range want.rows {
		for k := range want.rows[i] {
			if !same(got.rows[i][k], want.rows[i][k]) {
				return fmt.Sprintf("row %d, column %d: got %T %#v, want %T %#v",
					i, k, got.rows[i][k], got.rows[i][k], want.rows[i][k], want.rows[i][k])
			}
		}
	}
	return ""
}

// same is stricter than equality: dynamic type, bits of floats, nil against
// empty, and everything a time.Time shows.
func same(a, b driver.Value) bool {
	switch a := a.(type) {
	case float64:
		b, ok := b.(float64)
		return ok && math.Float64bits(a) == math.Float64bits(b)
	case float32:
		b, ok := b.(float32)
		return ok && math.Float32bits(a) == math.Float32bits(b)
	case time.Time:
		b, ok := b.(time.Time)
		return ok && sameTime(a, b)
	}
	return reflect.DeepEqual(a, b)
}

func sameTime(a, b time.Time) bool {
	aName, aOffset := a.Zone()
	bName, bOffset := b.Zone()
	return a.Equal(b) && a.Unix() == b.Unix() && a.Nanosecond() == b.Nanosecond() &&
		aName == bName && aOffset == bOffset &&
		a.Location().String() == b.Location().String() &&
		(a.Location() == time.UTC) == (b.Location() == time.UTC) &&
		(a.Location() == time.Local) == (b.Location() == time.Local)
}
