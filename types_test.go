package cachedsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

// The type matrix: every column type with its edge values, read in every way
// and into every kind of destination. What comes out must be the same from the
// bare driver, from a miss and from a hit.

// column is a column type and literals of values worth trying; NULL is added.
type column struct {
	sqlType string
	values  []string
}

// matrix is a table with all columns, reached through one configuration.
type matrix struct {
	columns []column
	inner   driver.Connector
	adapter cachedsql.Adapter
	marker  string // the placeholder for the first argument
}

// createMatrix fills a table with one row for each place in the lists of
// values.
func createMatrix(t *testing.T, db *sql.DB, columns []column) {
	t.Helper()
	var defs []string
	rows := 0
	for i, c := range columns {
		defs = append(defs, fmt.Sprintf("c%d %s", i, c.sqlType))
		rows = max(rows, len(c.values))
	}
	mustExec(t, db, "CREATE TABLE types (id INTEGER PRIMARY KEY, "+strings.Join(defs, ", ")+")")
	for r := range rows + 1 {
		names, values := []string{"id"}, []string{fmt.Sprint(r)}
		for i, c := range columns {
			if r < len(c.values) {
				names = append(names, fmt.Sprintf("c%d", i))
				values = append(values, c.values[r])
			}
		}
		mustExec(t, db, "INSERT INTO types ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(values, ", ")+")")
	}
}

func mustExec(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	if _, err := db.Exec(query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// ask is one way to send a query.
type ask struct {
	name  string
	query func(ctx context.Context, db *sql.DB, query string, args ...any) (*sql.Rows, error)
}

var asks = []ask{
	{"text", func(ctx context.Context, db *sql.DB, query string, args ...any) (*sql.Rows, error) {
		return db.QueryContext(ctx, query, args...)
	}},
	{"prepared", func(ctx context.Context, db *sql.DB, query string, args ...any) (*sql.Rows, error) {
		stmt, err := db.PrepareContext(ctx, query)
		if err != nil {
			return nil, err
		}
		defer stmt.Close() // its rows keep it open
		return stmt.QueryContext(ctx, args...)
	}},
}

// run compares every column on the bare driver, as a miss and as a hit.
func (m *matrix) run(t *testing.T) {
	t.Helper()
	cache, rec := cachedsqltest.New(t, cachedsqltest.Everything, func(c *cachedsql.Config) { c.Adapter = m.adapter })
	db, bare := cache.OpenDB(m.inner), sql.OpenDB(m.inner)
	defer db.Close()
	defer bare.Close()
	for i, c := range m.columns {
		if raceDetector && i%5 != 0 {
			continue
		}
		for _, a := range asks {
			for _, args := range [][]any{nil, {-1}} {
				query := fmt.Sprintf("SELECT c%d FROM types ORDER BY id", i)
				if len(args) != 0 {
					query = fmt.Sprintf("SELECT c%d FROM types WHERE id > %s ORDER BY id", i, m.marker)
				}
				name := fmt.Sprintf("%s %s %d args", c.sqlType, a.name, len(args))
				want := m.look(t, bare, a, query, args)
				miss := m.look(t, db, a, query, args)
				if did := rec.LastRead(); did != "miss" {
					t.Errorf("%s: first read: %s", name, did)
				}
				hit := m.look(t, db, a, query, args)
				if did := rec.LastRead(); did != "hit" {
					t.Errorf("%s: second read: %s", name, did)
				}
				compareLooks(t, name+", miss", miss, want)
				compareLooks(t, name+", hit", hit, want)
			}
		}
		m.compareDriverValues(t, c.sqlType, fmt.Sprintf("SELECT c%d FROM types ORDER BY id DESC", i), db, bare)
	}
}

func compareLooks(t *testing.T, name string, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("%s: %d lines, want %d", name, len(got), len(want))
			return
		case i >= len(want) || got[i] != want[i]:
			t.Errorf("%s:\n got %s\nwant %s", name, got[i], append(want, "")[i])
			return
		}
	}
}

// look reads a result with all that database/sql shows of it.
func (m *matrix) look(t *testing.T, db *sql.DB, a ask, query string, args []any) []string {
	t.Helper()
	rows, err := a.query(t.Context(), db, query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	// In its errors pgx names the format a value came in, text or binary. Of a
	// cached value nobody knows that.
	format := strings.NewReplacer("in text format", "", "in binary format", "")
	seen := describeColumns(rows)
	fits := map[reflect.Type]bool{}
	for rows.Next() {
		var null any
		_ = rows.Scan(&null)
		for _, dest := range destinations() {
			err := rows.Scan(dest)
			if own := reflect.TypeOf(dest); null != nil {
				fits[own] = fits[own] || err == nil
			} else if onlyPgx(dest) && !fits[own] {
				continue // pgx tries its types in random order for a NULL that goes into a foreign one
			}
			seen = append(seen, format.Replace(fmt.Sprintf("%T: %s, %v", dest, show(reflect.ValueOf(dest).Elem()), err)))
		}
	}
	return append(seen, fmt.Sprint(rows.Err()), fmt.Sprint(rows.Close()))
}

func describeColumns(rows *sql.Rows) []string {
	types, err := rows.ColumnTypes()
	if err != nil {
		return []string{err.Error()}
	}
	var seen []string
	for _, c := range types {
		length, hasLength := c.Length()
		precision, scale, hasPrecision := c.DecimalSize()
		nullable, hasNullable := c.Nullable()
		seen = append(seen, fmt.Sprint("column ", c.Name(), " ", c.DatabaseTypeName(), " ", c.ScanType(), " length ", length, hasLength,
			" precision ", precision, scale, hasPrecision, " nullable ", nullable, hasNullable))
	}
	return seen
}

type (
	namedString string
	namedBytes  []byte
)

// destinations are what programs scan into. Before Go 1.27 database/sql refuses
// the ones only pgx knows; after that it must not.
func destinations() []any {
	return []any{
		new(any), new(string), new([]byte), new(int64), new(int8), new(uint64), new(float64), new(float32),
		new(bool), new(time.Time), new(*string), new(*int64), new(*[]byte), new(namedString), new(namedBytes),
		new(sql.NullString), new(sql.NullInt64), new(sql.NullTime), new(sql.Null[float64]), new(sql.Null[any]),
		new([]int64), new([]string), new([]*string), new([][]int32), new([]any), new([2]int64), new([16]byte), new([]time.Time),
		new(pgtype.Range[pgtype.Int4]), new(pgtype.Range[pgtype.Timestamptz]), new(pgtype.Multirange[pgtype.Range[pgtype.Int8]]),
		new(pgtype.Numeric), new(pgtype.Interval), new(pgtype.Point), new(pgtype.Array[string]), new(pgtype.FlatArray[int32]),
		new(pgtype.UUID), new(pgtype.Timestamptz), new(pgtype.Bits), new(pgtype.Hstore), new(map[string]any), new(struct{ A, B *string }),
		new(sql.RawBytes), // the last: until the next row nothing can be scanned after it
	}
}

// onlyPgx reports whether database/sql would not know how to scan into dest.
func onlyPgx(dest any) bool {
	switch reflect.TypeOf(dest).Elem().Kind() {
	case reflect.Slice, reflect.Array, reflect.Struct, reflect.Map:
		_, scanner := dest.(sql.Scanner)
		return !scanner
	}
	return false
}

// show prints a value in full with its types, telling nil from empty and a
// time's location.
func show(v reflect.Value) string {
	if t, ok := v.Interface().(time.Time); ok {
		return t.Format(time.RFC3339Nano) + " in " + t.Location().String()
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return "nil"
		}
		return v.Elem().Type().String() + " " + show(v.Elem())
	case reflect.Slice:
		if v.IsNil() {
			return "nil"
		}
		return showList(v)
	case reflect.Array:
		return showList(v)
	case reflect.Struct:
		var fields []string
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fields = append(fields, show(v.Field(i)))
			}
		}
		return "{" + strings.Join(fields, "; ") + "}"
	}
	return fmt.Sprintf("%#v", v.Interface())
}

func showList(v reflect.Value) string {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return fmt.Sprintf("%q", v.Interface())
	}
	elems := []string{}
	for i := range v.Len() {
		elems = append(elems, show(v.Index(i)))
	}
	return fmt.Sprintf("%q", elems)
}

// compareDriverValues compares what comes out of the driver's own interface.
func (m *matrix) compareDriverValues(t *testing.T, name, query string, db, bare *sql.DB) {
	t.Helper()
	want := driverValues(t, bare, query)
	compareLooks(t, name+", driver's values of a miss", driverValues(t, db, query), want)
	compareLooks(t, name+", driver's values of a hit", driverValues(t, db, query), want)
}

func driverValues(t *testing.T, db *sql.DB, query string) (seen []string) {
	t.Helper()
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	err = c.Raw(func(c any) error {
		rows, err := c.(driver.QueryerContext).QueryContext(t.Context(), query, nil)
		if err != nil {
			return err
		}
		dest := make([]driver.Value, len(rows.Columns()))
		for err = rows.Next(dest); err == nil; err = rows.Next(dest) {
			seen = append(seen, show(reflect.ValueOf(&dest[0]).Elem()))
		}
		if !errors.Is(err, io.EOF) {
			return err
		}
		return rows.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	return seen
}
