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

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

// The contract of database/sql/driver, with drivers that do what real ones do
// only now and then.

const fakeQuery = "SELECT a FROM t"

// queried returns what a query of db gives, one line a row, as text.
func queried(t *testing.T, db *sql.DB, args ...any) (lines []string, err error) {
	t.Helper()
	rows, err := db.Query(fakeQuery, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for {
		columns, err := rows.Columns()
		if err != nil {
			return lines, err
		}
		lines = append(lines, strings.Join(columns, ","))
		for rows.Next() {
			dest := make([]any, len(columns))
			for i := range dest {
				dest[i] = new(any)
			}
			if err := rows.Scan(dest...); err != nil {
				return lines, err
			}
			var row []string
			for _, d := range dest {
				row = append(row, show(reflect.ValueOf(d).Elem()))
			}
			lines = append(lines, strings.Join(row, " | "))
		}
		if !rows.NextResultSet() {
			break
		}
	}
	return lines, errors.Join(rows.Err(), rows.Close())
}

// wantMissAndHit reads twice: the same lines from the driver and the cache.
func wantMissAndHit(t *testing.T, db *sql.DB, rec *cachedsqltest.Recorder, want []string, args ...any) {
	t.Helper()
	for _, outcome := range []string{"miss", "hit"} {
		got, err := queried(t, db, args...)
		if err != nil || !reflect.DeepEqual(got, want) || rec.LastRead() != outcome {
			t.Errorf("got %q, %v (%s), want %q (%s)", got, err, rec.LastRead(), want, outcome)
		}
	}
}

func textDB(t *testing.T, rows func() *fakeRows) (*sql.DB, *cachedsqltest.Recorder) {
	t.Helper()
	k, rec := newFake(t, func() driver.Conn {
		return &textConn{
			query: func(context.Context, string, []driver.NamedValue) (driver.Rows, error) { return rows(), nil },
			exec: func(context.Context, string, []driver.NamedValue) (driver.Result, error) {
				return driver.RowsAffected(1), nil
			},
		}
	})
	db := sql.OpenDB(k)
	t.Cleanup(func() { db.Close() })
	return db, rec
}

func TestDriversMemoryIsCopiedBeforeItIsReused(t *testing.T) {
	t.Parallel()
	db, rec := textDB(t, func() *fakeRows {
		return &fakeRows{columns: []string{"a", "b"}, rows: [][]driver.Value{
			{[]byte("one"), []byte{}}, {[]byte("two"), []byte(nil)}, {nil, []byte("x")},
		}}
	})
	want := []string{"a,b", `[]uint8 "one" | []uint8 ""`, `[]uint8 "two" | []uint8 nil`, `nil | []uint8 "x"`}
	wantMissAndHit(t, db, rec, want)
	raw := sql.RawBytes{}
	if err := db.QueryRow(fakeQuery).Scan(&raw, new(any)); err == nil {
		t.Error("QueryRow scanned RawBytes")
	}
}

func TestEveryResultSetIsCached(t *testing.T) {
	t.Parallel()
	db, rec := textDB(t, func() *fakeRows {
		return &fakeRows{columns: []string{"a"}, rows: [][]driver.Value{{int64(1)}}, more: []*fakeRows{
			{columns: []string{"b", "c", "d"}, rows: [][]driver.Value{{"x", nil, true}, {"y", 0.5, false}}},
			{columns: []string{}},
			{columns: []string{"e"}},
		}}
	})
	wantMissAndHit(t, db, rec, []string{"a", "int64 1", "b,c,d", `string "x" | nil | bool true`, `string "y" | float64 0.5 | bool false`, "", "e"})
}

func TestRowsWithoutColumnsAreCounted(t *testing.T) {
	t.Parallel()
	db, rec := textDB(t, func() *fakeRows { return &fakeRows{columns: []string{}, rows: [][]driver.Value{{}, {}, {}}} })
	wantMissAndHit(t, db, rec, []string{"", "", "", ""})
}

func TestErrorAmongRowsIsPassedOnAndNothingIsStored(t *testing.T) {
	t.Parallel()
	for name, rows := range map[string]fakeRows{
		"in Next":  {failed: driver.ErrBadConn},
		"in Close": {closed: io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, rec := textDB(t, func() *fakeRows {
				r := rows
				r.columns, r.rows = []string{"a"}, [][]driver.Value{{int64(1)}}
				return &r
			})
			bare := sql.OpenDB(fakeConnector{func() driver.Conn {
				return &textConn{query: func(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
					r := rows
					r.columns, r.rows = []string{"a"}, [][]driver.Value{{int64(1)}}
					return &r, nil
				}}
			}})
			defer bare.Close()
			for range 2 {
				want, wantErr := queried(t, bare)
				got, err := queried(t, db)
				if !reflect.DeepEqual(got, want) || fmt.Sprint(err) != fmt.Sprint(wantErr) || rec.LastRead() != "miss" {
					t.Errorf("got %q, %v (%s), want %q, %v", got, err, rec.LastRead(), want, wantErr)
				}
			}
		})
	}
}

// shyRows cannot say anything of its columns before the first row.
type shyRows struct {
	fakeRows
	read bool
}

func (r *shyRows) Next(dest []driver.Value) error {
	r.read = true
	return r.fakeRows.Next(dest)
}

func (r *shyRows) ColumnTypeDatabaseTypeName(int) string {
	if !r.read {
		panic("no row yet")
	}
	return "SHY"
}

func TestColumnTypesThatPanicAtFirstAreNotCached(t *testing.T) {
	t.Parallel()
	k, rec := newFake(t, func() driver.Conn {
		return &textConn{query: func(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
			return &shyRows{fakeRows: fakeRows{columns: []string{"a"}, rows: [][]driver.Value{{int64(1)}}}}, nil
		}}
	})
	db := sql.OpenDB(k)
	defer db.Close()
	for range 2 {
		rows, err := db.Query(fakeQuery)
		if err != nil {
			t.Fatal(err)
		}
		rows.Next()
		types, err := rows.ColumnTypes()
		if err != nil || types[0].DatabaseTypeName() != "SHY" || types[0].ScanType() != reflect.TypeFor[any]() {
			t.Errorf("got %v, %v", types[0], err)
		}
		if rows.Next() || rows.Close() != nil || rec.LastRead() != "miss" {
			t.Errorf("%s, %v", rec.LastRead(), rows.Err())
		}
	}
}

// converter is a ColumnConverter's.
type converter struct{}

func (converter) ConvertValue(v any) (driver.Value, error) { return fmt.Sprintf("<%v>", v), nil }

type converterStmt struct{ fakeStmt }

func (*converterStmt) ColumnConverter(int) driver.ValueConverter { return converter{} }

// odd is a type that database/sql alone cannot convert.
type odd struct{ n int }

func TestStatementsOfADriverWithoutTextMethodsConvertTheirArguments(t *testing.T) {
	t.Parallel()
	k, rec := newFake(t, func() driver.Conn {
		return &fakeConn{prepare: func(string) (driver.Stmt, error) {
			return &converterStmt{fakeStmt{
				query: func(args []driver.Value) (driver.Rows, error) {
					return &fakeRows{columns: []string{"a"}, rows: [][]driver.Value{{args[0]}}}, nil
				},
				exec: func(args []driver.Value) (driver.Result, error) { return driver.RowsAffected(len(args)), nil },
			}}, nil
		}}
	})
	db := sql.OpenDB(k)
	defer db.Close()
	wantMissAndHit(t, db, rec, []string{"a", `string "<{1}>"`}, odd{1})
	wantMissAndHit(t, db, rec, []string{"a", `string "<{2}>"`}, odd{2})
	if _, err := db.Exec("UPDATE t SET a = ?", odd{3}); err != nil {
		t.Error(err)
	}
	if _, err := queried(t, db, odd{1}); err != nil || rec.LastRead() != "miss" {
		t.Errorf("after a write: %v, %s", err, rec.LastRead())
	}
}

type checkingConn struct{ textConn }

func (*checkingConn) CheckNamedValue(nv *driver.NamedValue) error {
	switch v := nv.Value.(type) {
	case odd:
		nv.Value = int64(v.n)
		return nil
	case error:
		return driver.ErrRemoveArgument
	}
	return driver.ErrSkip
}

func TestConnectionsCheckOfArgumentsIsAsked(t *testing.T) {
	t.Parallel()
	var seen []driver.NamedValue
	k, rec := newFake(t, func() driver.Conn {
		return &checkingConn{textConn{query: func(_ context.Context, _ string, args []driver.NamedValue) (driver.Rows, error) {
			seen = args
			return &fakeRows{columns: []string{"a"}}, nil
		}}}
	})
	db := sql.OpenDB(k)
	defer db.Close()
	wantMissAndHit(t, db, rec, []string{"a"}, odd{7}, io.EOF, sql.Named("n", "x"), uint8(9))
	want := []driver.NamedValue{{Ordinal: 1, Value: int64(7)}, {Ordinal: 2, Name: "n", Value: "x"}, {Ordinal: 3, Value: int64(9)}}
	if !reflect.DeepEqual(seen, want) {
		t.Errorf("the driver saw %v, want %v", seen, want)
	}
	wantMissAndHit(t, db, rec, []string{"a"}, odd{7}, io.EOF, sql.Named("m", "x"), uint8(9))
}

func TestSkippedTextIsCachedThroughItsStatement(t *testing.T) {
	t.Parallel()
	asked := 0
	k, rec := newFake(t, func() driver.Conn {
		c := &textConn{query: func(context.Context, string, []driver.NamedValue) (driver.Rows, error) { return nil, driver.ErrSkip }}
		c.prepare = func(string) (driver.Stmt, error) {
			return &fakeStmt{query: func([]driver.Value) (driver.Rows, error) {
				asked++
				return &fakeRows{columns: []string{"a"}}, nil
			}}, nil
		}
		return c
	})
	db := sql.OpenDB(k)
	defer db.Close()
	wantMissAndHit(t, db, rec, []string{"a"}, 1)
	if asked != 1 {
		t.Errorf("the driver was asked %d times, want once", asked)
	}
}

func TestPanicOfTheDriverEndsTheWrite(t *testing.T) {
	t.Parallel()
	k, rec := newFake(t, func() driver.Conn {
		return &textConn{
			query: func(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
				return &fakeRows{columns: []string{"a"}}, nil
			},
			exec: func(context.Context, string, []driver.NamedValue) (driver.Result, error) { panic("driver") },
		}
	})
	db := sql.OpenDB(k)
	defer db.Close()
	func() {
		defer func() { _ = recover() }()
		_, _ = db.Exec("UPDATE t SET a = 1")
	}()
	// Whether it has taken effect nobody knows: for one lease nothing is cached.
	if _, err := queried(t, db); err != nil || rec.LastRead() != "bypass pending_write" {
		t.Errorf("%s, %v", rec.LastRead(), err)
	}
}

type ownResult struct{ driver.Result }

func TestResultAndErrorsAreTheDriversOwn(t *testing.T) {
	t.Parallel()
	failure := errors.New("driver's own")
	inner := &textConn{
		fakeConn: fakeConn{
			prepare: func(string) (driver.Stmt, error) { return nil, failure },
			begin:   func() (driver.Tx, error) { return nil, failure },
			close:   func() error { return failure },
		},
		query: func(context.Context, string, []driver.NamedValue) (driver.Rows, error) { return nil, failure },
		exec: func(_ context.Context, query string, _ []driver.NamedValue) (driver.Result, error) {
			if strings.HasPrefix(query, "UPDATE") {
				return ownResult{}, nil
			}
			return nil, failure
		},
	}
	k, _ := newFake(t, func() driver.Conn { return inner })
	ctx := t.Context()
	c, err := k.Connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := c.(driver.ExecerContext).ExecContext(ctx, "UPDATE t SET a = 1", nil); r != (ownResult{}) || err != nil {
		t.Errorf("Exec: %#v, %v", r, err)
	}
	_, query := c.(driver.QueryerContext).QueryContext(ctx, fakeQuery, nil)
	_, writing := c.(driver.QueryerContext).QueryContext(ctx, "INSERT INTO t VALUES (1) RETURNING a", nil)
	_, exec := c.(driver.ExecerContext).ExecContext(ctx, "DELETE FROM t", nil)
	_, prepare := c.(driver.ConnPrepareContext).PrepareContext(ctx, fakeQuery)
	_, begin := c.(driver.ConnBeginTx).BeginTx(ctx, driver.TxOptions{})
	for i, err := range []error{query, writing, exec, prepare, begin, c.Close()} {
		if err != failure { //nolint:errorlint // the very same one
			t.Errorf("error %d: got %v", i, err)
		}
	}
}

func TestBeginWithoutOptionsRefusesThem(t *testing.T) {
	t.Parallel()
	k, _ := newFake(t, func() driver.Conn {
		return &fakeConn{begin: func() (driver.Tx, error) { return nil, errors.New("begun") }}
	})
	db := sql.OpenDB(k)
	defer db.Close()
	bare := sql.OpenDB(fakeConnector{func() driver.Conn {
		return &fakeConn{begin: func() (driver.Tx, error) { return nil, errors.New("begun") }}
	}})
	defer bare.Close()
	for _, opts := range []*sql.TxOptions{nil, {ReadOnly: true}, {Isolation: sql.LevelSerializable}} {
		_, want := bare.BeginTx(t.Context(), opts)
		if _, err := db.BeginTx(t.Context(), opts); err == nil || err.Error() != want.Error() {
			t.Errorf("%v: got %v, want %v", opts, err, want)
		}
	}
}

type (
	resettingConn  struct{ *fakeConn }
	validatingConn struct{ *fakeConn }
	bothConn       struct{ *fakeConn }
	closing        struct {
		fakeConnector
		err error
	}
)

func (resettingConn) ResetSession(context.Context) error { return io.ErrNoProgress }
func (validatingConn) IsValid() bool                     { return false }
func (bothConn) ResetSession(context.Context) error      { return io.ErrNoProgress }
func (bothConn) IsValid() bool                           { return false }
func (k closing) Close() error                           { return k.err }

func TestConnectionsResetAndCheckAsTheDriverDoes(t *testing.T) {
	t.Parallel()
	for _, inner := range []driver.Conn{&fakeConn{}, resettingConn{&fakeConn{}}, validatingConn{&fakeConn{}}, bothConn{&fakeConn{}}} {
		k, _ := newFake(t, func() driver.Conn { return inner })
		c, err := k.Connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, wantResets := inner.(driver.SessionResetter)
		_, wantValidates := inner.(driver.Validator)
		resetter, resets := c.(driver.SessionResetter)
		validator, validates := c.(driver.Validator)
		// database/sql keeps a connection after a cancelled transaction where it
		// finds both.
		if (resets && validates) != (wantResets && wantValidates) {
			t.Errorf("%T: SessionResetter %v, Validator %v", inner, resets, validates)
		}
		if wantResets && resetter.ResetSession(t.Context()) != io.ErrNoProgress { //nolint:errorlint // the very same one
			t.Errorf("%T: another error of ResetSession", inner)
		}
		if wantValidates && validator.IsValid() {
			t.Errorf("%T: became valid", inner)
		}
	}
}

func TestConnectionIsCachedAgainAfterAnUncachedRead(t *testing.T) {
	t.Parallel()
	for _, wrap := range []func(*textConn) driver.Conn{
		func(c *textConn) driver.Conn { return c },
		func(c *textConn) driver.Conn { return validTextConn{c} },
	} {
		k, rec := newFake(t, func() driver.Conn {
			return wrap(&textConn{query: func(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
				return &fakeRows{columns: []string{"a"}}, nil
			}})
		})
		db := sql.OpenDB(k)
		db.SetMaxOpenConns(1)
		if err := db.QueryRow("SELECT random() FROM t").Scan(new(any)); !errors.Is(err, sql.ErrNoRows) {
			t.Error(err)
		}
		wantMissAndHit(t, db, rec, []string{"a"})
		db.Close()
	}
}

type validTextConn struct{ *textConn }

func (validTextConn) IsValid() bool { return true }

func TestConnectorIsClosedWithItsHandle(t *testing.T) {
	t.Parallel()
	cache, err := cachedsql.New(cachedsql.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer cache.Close()
	if err := cache.OpenDB(closing{err: io.ErrNoProgress}).Close(); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("got %v, want the connector's error", err)
	}
	if err := cache.OpenDB(fakeConnector{}).Close(); err != nil {
		t.Errorf("got %v from a connector that has nothing to close", err)
	}
}
