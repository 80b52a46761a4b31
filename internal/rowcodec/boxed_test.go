package rowcodec

import (
	"bytes"
	"database/sql/driver"
	"fmt"
	"testing"
)

// byteRows is a table of rows with bytes of different lengths, NULL, nil and
// none among them.
func byteRows(rows int) table {
	tb := table{columns: []Column{{Name: "n"}, {Name: "a"}, {Name: "b"}}}
	for i := range rows {
		row := []driver.Value{int64(i), []byte(fmt.Sprintf("a%0*d", i%50, i)), nil}
		switch i % 4 {
		case 0:
			row[2] = []byte{}
		case 1:
			row[2] = []byte(nil)
		case 2:
			row[2] = []byte(fmt.Sprint("b", i))
		}
		tb.rows = append(tb.rows, row)
	}
	return tb
}

func TestReusedBytesAreRightUntilTheNextRow(t *testing.T) {
	t.Parallel()
	long := byteRows(30)
	for i, row := range long.rows {
		row[1] = bytes.Repeat([]byte{'a', byte(i)}, 120+i) // more than a reusedRow has room for
	}
	wide := byteRows(30)
	for i := range wide.rows {
		for k := range len(reusedRow{}.slices) {
			wide.rows[i] = append(wide.rows[i], fmt.Append(nil, "c", k, i))
		}
	}
	wide.columns = make([]Column, len(wide.rows[0]))
	for name, tb := range map[string]table{"ordinary": byteRows(300), "long": long, "wide": wide} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkReused(t, tb)
		})
	}
}

func checkReused(t *testing.T, tb table) {
	t.Helper()
	r := mustBox(t, mustDecode(t, encode(t, &Encoder{}, Header{}, tb)))
	c := r.Cursor(0)
	c.ReuseBytes()
	dest := make([]driver.Value, len(tb.columns))
	for i, row := range tb.rows {
		if err := c.Next(dest); err != nil {
			t.Fatal(err)
		}
		if diff := diffTables(table{columns: tb.columns, rows: [][]driver.Value{dest}}, table{columns: tb.columns, rows: [][]driver.Value{row}}); diff != "" {
			t.Fatalf("row %d: %s", i, diff)
		}
		for _, v := range dest[1:] { // what a caller may do to its own
			if b, ok := v.([]byte); ok {
				clear(b)
				_ = append(b, 'x')
			}
		}
	}
	checkTables(t, r, []table{tb}) // the result itself is untouched
}

func TestBoxedRowsAllocateLittle(t *testing.T) { // not parallel: it counts allocations
	r := mustBox(t, mustDecode(t, encode(t, &Encoder{}, Header{}, byteRows(1000))))
	dest := make([]driver.Value, 3)
	for _, reuses := range []bool{false, true} {
		want := 10.0 // 2 pieces of slices, some of what they hold
		if reuses {
			want = 1
		}
		n := testing.AllocsPerRun(5, func() {
			c := r.Cursor(0)
			if reuses {
				c.ReuseBytes()
			}
			for c.Next(dest) == nil {
			}
		})
		if n > want {
			t.Errorf("reuse %v: 1000 rows allocate %v times, want at most %v", reuses, n, want)
		}
	}
}
