//go:build go1.27

package cachedsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"testing"
)

// scanningRows scan into odd, which database/sql cannot.
type scanningRows struct {
	fakeRows
	row [1]driver.Value
}

func (r *scanningRows) NextRow() error { return r.Next(r.row[:]) }

func (r *scanningRows) ScanColumn(ctx driver.ScanContext, _ int, dest any) error {
	if o, ok := dest.(*odd); ok {
		o.n = int(r.row[0].(int64))
		return nil
	}
	return sql.ConvertAssign(ctx, dest, r.row[0])
}

func TestRowsThatScanThemselvesStayTheDriversOwnWithoutAnAdapter(t *testing.T) {
	t.Parallel()
	k, rec := newFake(t, func() driver.Conn {
		return &textConn{query: func(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
			return &scanningRows{fakeRows: fakeRows{columns: []string{"a"}, rows: [][]driver.Value{{int64(7)}}}}, nil
		}}
	})
	db := sql.OpenDB(k)
	defer db.Close()
	for range 2 {
		var o odd
		if err := db.QueryRow(fakeQuery).Scan(&o); err != nil || o.n != 7 || rec.LastRead() != "miss" {
			t.Errorf("got %v, %v (%s)", o, err, rec.LastRead())
		}
	}
}
