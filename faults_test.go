package cachedsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

// A driver whose n-th call of a kind fails, for every kind and n: whoever uses
// the cache sees what a user of the bare driver sees, the driver is called as
// often, and nothing stays open.

var errFault = errors.New("fault")

// faulty is a driver.Connector that fails at one call. It counts what is open.
type faulty struct {
	skips bool // every text with arguments has to be prepared

	mu     sync.Mutex
	kind   string
	nth    int
	err    error
	counts map[string]int
	log    []string
	open   map[any]string
	wrong  []string
}

func newFaulty(kind string, nth int, err error, skips bool) *faulty {
	return &faulty{kind: kind, nth: nth, err: err, skips: skips, counts: map[string]int{}, open: map[any]string{}}
}

func (f *faulty) call(kind string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts[kind]++
	if kind != "Rows.Next" { // QueryRow's rows are asked once more
		f.log = append(f.log, kind)
	}
	if kind == f.kind && f.counts[kind] == f.nth {
		return f.err
	}
	return nil
}

func (f *faulty) opened(v any, what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open[v] = what
}

func (f *faulty) closed(v any, what string) error {
	err := f.call(what + ".Close")
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, is := f.open[v]; !is {
		f.wrong = append(f.wrong, what+" closed twice")
	}
	delete(f.open, v)
	return err
}

func (f *faulty) Driver() driver.Driver { return nil }

func (f *faulty) Connect(context.Context) (driver.Conn, error) {
	if err := f.call("Connect"); err != nil {
		return nil, err
	}
	c := &faultyConn{f}
	f.opened(c, "Conn")
	return c, nil
}

type faultyConn struct{ *faulty }

func (c *faultyConn) Close() error               { return c.closed(c, "Conn") }
func (c *faultyConn) Begin() (driver.Tx, error)  { return nil, errors.New("not used") }
func (c *faultyConn) Ping(context.Context) error { return c.call("Ping") }
func (c *faultyConn) IsValid() bool              { return c.call("IsValid") == nil }

func (c *faultyConn) Prepare(string) (driver.Stmt, error) { return nil, errors.New("not used") }

func (c *faultyConn) ResetSession(context.Context) error {
	if c.call("ResetSession") != nil {
		return driver.ErrBadConn
	}
	return nil
}

func (c *faultyConn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	if err := c.call("Begin"); err != nil {
		return nil, err
	}
	return faultyTx{c.faulty}, nil
}

func (c *faultyConn) PrepareContext(context.Context, string) (driver.Stmt, error) {
	if err := c.call("Prepare"); err != nil {
		return nil, err
	}
	s := &faultyStmt{c.faulty}
	c.opened(s, "Stmt")
	return s, nil
}

func (c *faultyConn) QueryContext(_ context.Context, _ string, args []driver.NamedValue) (driver.Rows, error) {
	if c.skips && len(args) != 0 {
		return nil, driver.ErrSkip
	}
	return c.rows("Query")
}

func (c *faultyConn) ExecContext(_ context.Context, _ string, args []driver.NamedValue) (driver.Result, error) {
	if c.skips && len(args) != 0 {
		return nil, driver.ErrSkip
	}
	return driver.RowsAffected(1), c.call("Exec")
}

func (f *faulty) rows(kind string) (driver.Rows, error) {
	if err := f.call(kind); err != nil {
		return nil, err
	}
	r := &faultyRows{faulty: f, fakeRows: fakeRows{
		columns: []string{"a"}, rows: [][]driver.Value{{int64(1)}, {int64(2)}},
		more: []*fakeRows{{columns: []string{"b"}, rows: [][]driver.Value{{[]byte("x")}, {[]byte("y")}}}},
	}}
	f.opened(r, "Rows")
	return r, nil
}

type faultyStmt struct{ *faulty }

func (s *faultyStmt) Close() error                              { return s.closed(s, "Stmt") }
func (s *faultyStmt) NumInput() int                             { return -1 }
func (s *faultyStmt) Query([]driver.Value) (driver.Rows, error) { return nil, errors.New("not used") }

func (s *faultyStmt) Exec([]driver.Value) (driver.Result, error) { return nil, errors.New("not used") }

func (s *faultyStmt) QueryContext(context.Context, []driver.NamedValue) (driver.Rows, error) {
	return s.rows("Stmt.Query")
}

func (s *faultyStmt) ExecContext(context.Context, []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(1), s.call("Stmt.Exec")
}

type faultyTx struct{ *faulty }

func (t faultyTx) Commit() error   { return t.call("Commit") }
func (t faultyTx) Rollback() error { return t.call("Rollback") }

type faultyRows struct {
	*faulty
	fakeRows
}

func (r *faultyRows) Close() error {
	return errors.Join(r.faulty.closed(r, "Rows"), r.fakeRows.Close())
}

func (r *faultyRows) Next(dest []driver.Value) error {
	if err := r.call("Rows.Next"); err != nil {
		return err
	}
	return r.fakeRows.Next(dest)
}

func (r *faultyRows) NextResultSet() error {
	if err := r.call("Rows.NextResultSet"); err != nil {
		return err
	}
	return r.fakeRows.NextResultSet()
}

// uses are what programs do with a handle. Each tells what it has seen.
var uses = map[string]func(ctx context.Context, db *sql.DB) string{
	"read": func(ctx context.Context, db *sql.DB) string {
		return readSets(db.QueryContext(ctx, fakeQuery))
	},
	"read with an argument": func(ctx context.Context, db *sql.DB) string {
		return readSets(db.QueryContext(ctx, fakeQuery+" WHERE b = ?", 5))
	},
	"read twice": func(ctx context.Context, db *sql.DB) string {
		return readSets(db.QueryContext(ctx, fakeQuery)) + readSets(db.QueryContext(ctx, fakeQuery+" WHERE b = 2"))
	},
	"read and stop": func(ctx context.Context, db *sql.DB) string {
		rows, err := db.QueryContext(ctx, fakeQuery)
		if err != nil {
			return err.Error()
		}
		return fmt.Sprint(rows.Next(), rows.Close(), rows.Err())
	},
	"read on a connection": func(ctx context.Context, db *sql.DB) string {
		c, err := db.Conn(ctx)
		if err != nil {
			return err.Error()
		}
		seen := readSets(c.QueryContext(ctx, fakeQuery)) + readSets(c.QueryContext(ctx, fakeQuery+" WHERE b = 2"))
		return seen + fmt.Sprint(c.PingContext(ctx), c.Close())
	},
	"prepare": func(ctx context.Context, db *sql.DB) string {
		s, err := db.PrepareContext(ctx, fakeQuery+" WHERE b = ?")
		if err != nil {
			return err.Error()
		}
		seen := readSets(s.QueryContext(ctx, 1)) + readSets(s.QueryContext(ctx, 2))
		return seen + fmt.Sprint(s.Close())
	},
	"write": func(ctx context.Context, db *sql.DB) string {
		_, err := db.ExecContext(ctx, "INSERT INTO t VALUES (1)")
		_, then := db.ExecContext(ctx, "DELETE FROM t WHERE a = ?", 7)
		return fmt.Sprint(err, then)
	},
	"write and return rows": func(ctx context.Context, db *sql.DB) string {
		return readSets(db.QueryContext(ctx, "INSERT INTO t VALUES (?) RETURNING a", 3))
	},
	"transaction": func(ctx context.Context, db *sql.DB) string {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err.Error()
		}
		seen := readSets(tx.QueryContext(ctx, fakeQuery))
		_, err = tx.ExecContext(ctx, "INSERT INTO t VALUES (?)", 1)
		return seen + fmt.Sprint(err, tx.Commit(), tx.Rollback())
	},
	"transaction rolled back": func(ctx context.Context, db *sql.DB) string {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err.Error()
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO t VALUES (1)")
		return fmt.Sprint(err, tx.Rollback()) + readSets(db.QueryContext(ctx, fakeQuery))
	},
}

// readSets reads a result to the end.
func readSets(rows *sql.Rows, err error) string {
	if err != nil {
		return fmt.Sprintf("[%v]", err)
	}
	defer rows.Close()
	var b strings.Builder
	for more := true; more; more = rows.NextResultSet() {
		for rows.Next() {
			var v any
			if err := rows.Scan(&v); err != nil {
				return fmt.Sprintf("%s[%v]", &b, err)
			}
			fmt.Fprintf(&b, "%v ", v)
		}
		b.WriteString("; ")
	}
	return fmt.Sprintf("%s[%v %v]", &b, rows.Err(), rows.Close())
}

var faultKinds = []string{
	"none", "Connect", "Query", "Exec", "Prepare", "Stmt.Query", "Stmt.Exec", "Begin", "Commit", "Rollback", "Ping", "ResetSession", "IsValid",
	"Rows.Next", "Rows.NextResultSet", "Rows.Close", "Stmt.Close", "Conn.Close",
}

func TestFaultsOfTheDriverAreSeenAsWithoutTheCache(t *testing.T) {
	t.Parallel()
	for name, use := range uses {
		for _, err := range []error{driver.ErrBadConn, errFault, context.DeadlineExceeded, io.ErrUnexpectedEOF} {
			for _, skips := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%v/skips %v", name, err, skips), func(t *testing.T) {
					t.Parallel()
					for _, kind := range faultKinds {
						for nth := 1; nth <= 4; nth++ {
							calls := wantSameUnder(t, use, func() *faulty { return newFaulty(kind, nth, err, skips) })
							if kind == "none" && name == "read" && calls["Query"] != 1 {
								t.Errorf("three reads were %d queries: nothing was a hit", calls["Query"])
							}
						}
					}
				})
			}
		}
	}
}

// wantSameUnder uses a bare handle and one with a cold cache three times. The
// driver fails in the first use. It returns how often the second's was called.
func wantSameUnder(t *testing.T, use func(context.Context, *sql.DB) string, driverOf func() *faulty) (calls map[string]int) {
	t.Helper()
	bareDriver, cachedDriver := driverOf(), driverOf()
	about := fmt.Sprintf("%s %d", bareDriver.kind, bareDriver.nth)
	bare := sql.OpenDB(bareDriver)
	cache, _ := cachedsqltest.New(t, cachedsqltest.Everything, func(c *cachedsql.Config) { c.Namespace = "faults" })
	defer cache.Close()
	cached := cache.OpenDB(cachedDriver)
	want, got := use(t.Context(), bare), use(t.Context(), cached)
	if got != want {
		t.Errorf("%s: got %s\nwant %s", about, got, want)
	}
	if !slices.Equal(cachedDriver.log, bareDriver.log) {
		t.Errorf("%s: the driver was called\n%q, want\n%q", about, cachedDriver.log, bareDriver.log)
	}
	cachedDriver.kind, bareDriver.kind = "", ""
	for range 2 {
		want, got = use(t.Context(), bare), use(t.Context(), cached)
		if got != want {
			t.Errorf("%s, and then: got %s\nwant %s", about, got, want)
		}
	}
	if n := cached.Stats().InUse; n != 0 {
		t.Errorf("%s: %d connections are still in use", about, n)
	}
	bare.Close()
	cached.Close()
	for deadline := time.Now().Add(time.Minute); len(cachedDriver.stillOpen()) > len(bareDriver.stillOpen()) && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if left := cachedDriver.stillOpen(); len(left) > len(bareDriver.stillOpen()) {
		t.Errorf("%s: left open: %q", about, left)
	}
	if len(cachedDriver.wrong) > len(bareDriver.wrong) {
		t.Errorf("%s: %q", about, cachedDriver.wrong)
	}
	return cachedDriver.counts
}

func (f *faulty) stillOpen() (what []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range f.open {
		what = append(what, w)
	}
	return what
}
