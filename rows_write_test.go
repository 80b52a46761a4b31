package cachedsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// tellingRows say of their columns all that a driver may.
type tellingRows struct{ fakeRows }

func (r *tellingRows) ColumnTypeScanType(int) reflect.Type          { return reflect.TypeFor[int32]() }
func (r *tellingRows) ColumnTypeDatabaseTypeName(int) string        { return "ODD" }
func (r *tellingRows) ColumnTypeLength(i int) (int64, bool)         { return int64(i) + 40, true }
func (r *tellingRows) ColumnTypeNullable(i int) (nullable, ok bool) { return i == 0, true }

func (r *tellingRows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	return int64(i) + 12, 3, true
}

// In a transaction that an error may end, rows are watched for one. Nobody sees
// that: neither of rows that tell all of themselves nor of those that tell nothing.
func TestRowsInATransactionSayWhatTheDriversSay(t *testing.T) {
	t.Parallel()
	two := func() fakeRows {
		return fakeRows{columns: []string{"a", "b"}, rows: [][]driver.Value{{int64(1), "x"}}, more: []*fakeRows{{columns: []string{"c"}, rows: [][]driver.Value{{nil}}}}}
	}
	for name, rows := range map[string]func() driver.Rows{
		"all":         func() driver.Rows { return &tellingRows{two()} },
		"result sets": func() driver.Rows { r := two(); return &r },
		"nothing":     func() driver.Rows { r := two(); return struct{ driver.Rows }{&r} },
	} {
		connect := func() driver.Conn {
			return &textConn{
				fakeConn: fakeConn{begin: func() (driver.Tx, error) { return idleTx{}, nil }},
				query:    func(context.Context, string, []driver.NamedValue) (driver.Rows, error) { return rows(), nil },
			}
		}
		k, _ := newFake(t, connect)
		want, got := told(t, fakeConnector{connect}), told(t, k)
		if got != want {
			t.Errorf("%s: got\n%swant\n%s", name, got, want)
		}
	}
}

// told is all that database/sql says of a query's rows in a transaction.
func told(t *testing.T, k driver.Connector) string {
	t.Helper()
	db := sql.OpenDB(k)
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	rows, err := tx.Query(fakeQuery)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var b strings.Builder
	for again := true; again; again = rows.NextResultSet() {
		columns, err := rows.ColumnTypes()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range columns {
			fmt.Fprintf(&b, "%+v\n", *c)
		}
		dest := make([]any, len(columns))
		for rows.Next() {
			for i := range dest {
				dest[i] = new(any)
			}
			fmt.Fprintln(&b, rows.Scan(dest...))
			for _, d := range dest {
				fmt.Fprintln(&b, *d.(*any))
			}
		}
	}
	fmt.Fprintln(&b, rows.Err(), rows.Close())
	return b.String()
}

// idleTx is a transaction that ends.
type idleTx struct{}

func (idleTx) Commit() error   { return nil }
func (idleTx) Rollback() error { return nil }
