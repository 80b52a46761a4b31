package cachedsql_test

import (
	"context"
	"database/sql/driver"
	"io"
	"testing"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

// fakeConn is a connection with the interfaces every driver must have and
// nothing else. Types that embed it add the optional ones.
type fakeConn struct {
	prepare func(query string) (driver.Stmt, error)
	begin   func() (driver.Tx, error)
	close   func() error
}

func (c *fakeConn) Prepare(query string) (driver.Stmt, error) { return c.prepare(query) }
func (c *fakeConn) Begin() (driver.Tx, error)                 { return c.begin() }

func (c *fakeConn) Close() error {
	if c.close == nil {
		return nil
	}
	return c.close()
}

// textConn takes texts with their arguments.
type textConn struct {
	fakeConn
	query func(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error)
	exec  func(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error)
}

func (c *textConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.query(ctx, query, args)
}

func (c *textConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.exec(ctx, query, args)
}

// fakeStmt is a prepared statement of the oldest kind.
type fakeStmt struct {
	query func(args []driver.Value) (driver.Rows, error)
	exec  func(args []driver.Value) (driver.Result, error)
}

func (s *fakeStmt) Close() error                                    { return nil }
func (s *fakeStmt) NumInput() int                                   { return -1 }
func (s *fakeStmt) Query(args []driver.Value) (driver.Rows, error)  { return s.query(args) }
func (s *fakeStmt) Exec(args []driver.Value) (driver.Result, error) { return s.exec(args) }

// fakeRows hands out rows and spoils the bytes of the row before, as a driver
// may that reuses its memory.
type fakeRows struct {
	columns []string
	rows    [][]driver.Value
	more    []*fakeRows // further result sets
	failed  error       // in the place of io.EOF
	closed  error       // what Close returns
	lent    [][]byte
}

func (r *fakeRows) Columns() []string { return r.columns }

func (r *fakeRows) Close() error {
	r.spoil()
	return r.closed
}

func (r *fakeRows) Next(dest []driver.Value) error {
	r.spoil()
	if len(r.rows) == 0 {
		if r.failed != nil {
			return r.failed
		}
		return io.EOF
	}
	for i, v := range r.rows[0] {
		if b, ok := v.([]byte); ok && b != nil {
			own := append([]byte{}, b...)
			r.lent = append(r.lent, own)
			v = own
		}
		dest[i] = v
	}
	r.rows = r.rows[1:]
	return nil
}

func (r *fakeRows) spoil() {
	for _, b := range r.lent {
		for i := range b {
			b[i] = '!'
		}
	}
	r.lent = nil
}

func (r *fakeRows) HasNextResultSet() bool { return len(r.more) != 0 }

func (r *fakeRows) NextResultSet() error {
	if len(r.more) == 0 {
		return io.EOF
	}
	*r = fakeRows{columns: r.more[0].columns, rows: r.more[0].rows, more: r.more[1:]}
	return nil
}

// fakeConnector connects to whatever connect returns.
type fakeConnector struct{ connect func() driver.Conn }

func (k fakeConnector) Connect(context.Context) (driver.Conn, error) { return k.connect(), nil }
func (k fakeConnector) Driver() driver.Driver                        { return nil }

// newFake puts a Cache in front of a fake driver. The namespace is set, since
// nobody can ask a fake for its own.
func newFake(t *testing.T, connect func() driver.Conn) (driver.Connector, *cachedsqltest.Recorder) {
	t.Helper()
	return newFakeWith(t, cachedsqltest.Everything, connect)
}

func newFakeWith(t *testing.T, rules string, connect func() driver.Conn) (driver.Connector, *cachedsqltest.Recorder) {
	t.Helper()
	cache, rec := cachedsqltest.New(t, rules, func(c *cachedsql.Config) { c.Namespace = "fake" })
	return cache.WrapConnector(fakeConnector{connect}), rec
}
