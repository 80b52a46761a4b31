package cachedsql

import (
	"context"
	"database/sql/driver"
)

// stmt is a prepared statement of the wrapped driver.
type stmt struct {
	inner driver.Stmt
	conn  *conn
	text  string
	plan  *plan

	// fallback: database/sql prepared it because the driver answered ErrSkip
	// to the text, not because the application asked for it.
	fallback bool
}

var (
	_ driver.Stmt              = (*stmt)(nil)
	_ driver.StmtExecContext   = (*stmt)(nil)
	_ driver.StmtQueryContext  = (*stmt)(nil)
	_ driver.NamedValueChecker = (*stmt)(nil)
	_ driver.ColumnConverter   = converterStmt{} //nolint:staticcheck // see newStmt
)

// converterStmt is a stmt of a driver with a ColumnConverter, whose presence
// changes how database/sql converts arguments.
type converterStmt struct{ *stmt }

func newStmt(c *conn, inner driver.Stmt, text string) driver.Stmt {
	s := &stmt{inner: inner, conn: c, text: text, plan: c.plan(text)}
	if c.session.misread && c.readsDiffer(text) {
		s.plan = unreadable(s.plan) // it keeps the meaning it has now
	}
	s.fallback = (c.carry.looked || c.carry.begun) && c.carry.text == text
	if !s.fallback {
		c.dropCarry()
	}
	if _, ok := inner.(driver.ColumnConverter); ok { //nolint:staticcheck // database/sql supports it still
		return converterStmt{s}
	}
	return s
}

// Close closes the statement.
func (s *stmt) Close() error {
	if s.fallback {
		s.conn.dropCarry() // its arguments did not convert
	}
	return s.inner.Close()
}

// NumInput returns how many arguments the statement takes, -1 if the driver
// does not say.
func (s *stmt) NumInput() int { return s.inner.NumInput() }

// CheckNamedValue asks the statement, then its connection, as database/sql
// would.
func (s *stmt) CheckNamedValue(nv *driver.NamedValue) error {
	if checker, ok := s.inner.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(nv)
	}
	return s.conn.checkNamedValue(nv)
}

// ColumnConverter returns the driver's converter for an argument.
func (s converterStmt) ColumnConverter(i int) driver.ValueConverter {
	return s.inner.(driver.ColumnConverter).ColumnConverter(i) //nolint:staticcheck // see newStmt
}

// QueryContext answers from the cache or executes the statement.
func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.conn.query(ctx, s.plan, &call{conn: s.conn, stmt: s, text: s.text, args: args})
}

// ExecContext executes the statement.
func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.conn.exec(ctx, s.plan, &call{conn: s.conn, stmt: s, text: s.text, args: args})
}

// Query is QueryContext for users of sql.Conn.Raw.
func (s *stmt) Query(args []driver.Value) (driver.Rows, error) {
	return s.QueryContext(context.Background(), named(args))
}

// Exec is ExecContext for users of sql.Conn.Raw.
func (s *stmt) Exec(args []driver.Value) (driver.Result, error) {
	return s.ExecContext(context.Background(), named(args))
}

func (s *stmt) innerQuery(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if q, ok := s.inner.(driver.StmtQueryContext); ok {
		return q.QueryContext(ctx, args)
	}
	values, err := positional(ctx, args)
	if err != nil {
		return nil, err
	}
	return s.inner.Query(values) //nolint:staticcheck // database/sql supports it still
}

func (s *stmt) innerExec(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if e, ok := s.inner.(driver.StmtExecContext); ok {
		return e.ExecContext(ctx, args)
	}
	values, err := positional(ctx, args)
	if err != nil {
		return nil, err
	}
	return s.inner.Exec(values) //nolint:staticcheck // database/sql supports it still
}
