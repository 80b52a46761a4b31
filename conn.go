package cachedsql

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// conn is a connection of the wrapped driver with the cache in front. Like
// any driver.Conn it is used by one goroutine at a time.
type conn struct {
	inner     driver.Conn // nil while a lazy connection is not dialled
	cache     *Cache
	connector *connector

	session   session
	offBefore Reason // session.off before the statement under way
	tx        txState
	carry     carry
	byText    textMethods
	openRows  int    // results handed out since the connection was last reset
	raw       *write // writes nobody saw may be under way: see Unwrap

	background bool // used by a revalidator alone

	counted *backend // see leadsTo

	sample string // what stands for the driver's options: see variant.go

	// See lazy.go.
	lazy       bool      // not dialled, or not asked since: taken for begins
	like       *likeness // of a lazy connection
	begins     *outset   // nil: taken for nothing yet
	unverified bool      // the server cannot be reached to say that begins still holds
	pristine   bool      // nothing but the cache's own questions has been sent on it
	dialled    dialling

	// See rest.go.
	rests  bool  // the driver has not looked yet whether the server has hung up
	gone   bool  // it has: another is to be dialled
	probed int64 // when the driver last looked: of sinceStart, 0 if it has not

	// Memory used again by each lookup: a hit allocates only what it returns.
	room  [512]byte
	spare *lookup
}

var (
	_ driver.Conn               = (*conn)(nil)
	_ driver.ConnBeginTx        = (*conn)(nil)
	_ driver.ConnPrepareContext = (*conn)(nil)
	_ driver.ExecerContext      = (*conn)(nil)
	_ driver.QueryerContext     = (*conn)(nil)
	_ driver.NamedValueChecker  = (*conn)(nil)
	_ driver.Pinger             = (*conn)(nil)
	_ driver.Execer             = (*conn)(nil) //nolint:staticcheck // forwarded for users of sql.Conn.Raw
	_ driver.Queryer            = (*conn)(nil) //nolint:staticcheck // likewise
	_ driver.SessionResetter    = resetConn{}
	_ driver.Validator          = validConn{}
	_ driver.SessionResetter    = resetValidConn{}
	_ driver.Validator          = resetValidConn{}
)

// newConn wraps a connection. SessionResetter and Validator are both there
// exactly where the driver has both: database/sql then keeps a connection after
// a cancelled transaction. One alone changes nothing, and either tells when the
// connection goes from one user to the next.
func newConn(ctx context.Context, inner driver.Conn, k *connector, dialled dialling) driver.Conn {
	c := &conn{
		inner: inner, cache: k.cache, connector: k, byText: textMethodsOf(inner), session: session{misread: true},
		pristine: k.lazy, dialled: dialled,
	}
	c.noteSample(ctx)
	c.noteGrants(ctx)
	_, resets := inner.(driver.SessionResetter)
	_, validates := inner.(driver.Validator)
	return c.asDriverConn(resets, validates)
}

func (c *conn) asDriverConn(resets, validates bool) driver.Conn {
	switch {
	case resets && validates:
		return resetValidConn{c}
	case validates:
		return validConn{c}
	}
	return resetConn{c}
}

// textMethods are the ways in which a driver takes a text with its arguments.
type textMethods struct{ query, exec bool }

func textMethodsOf(inner driver.Conn) (m textMethods) {
	switch inner.(type) {
	case driver.QueryerContext, driver.Queryer: //nolint:staticcheck // database/sql supports it still
		m.query = true
	}
	switch inner.(type) {
	case driver.ExecerContext, driver.Execer: //nolint:staticcheck // likewise
		m.exec = true
	}
	return m
}

type (
	resetConn      struct{ *conn }
	validConn      struct{ *conn }
	resetValidConn struct{ *conn }
)

func (c resetConn) ResetSession(ctx context.Context) error      { return c.resetSession(ctx) }
func (c validConn) IsValid() bool                               { return c.isValid() }
func (c resetValidConn) ResetSession(ctx context.Context) error { return c.resetSession(ctx) }
func (c resetValidConn) IsValid() bool                          { return c.isValid() }

func (c *conn) resetSession(ctx context.Context) error {
	c.openRows = 0
	c.settleRaw(ctx)
	if c.inner == nil {
		return nil
	}
	return c.resetDriver(ctx)
}

func (c *conn) isValid() bool {
	c.openRows = 0 // asked when the connection goes back to the pool
	c.settleRaw(context.Background())
	return c.inner == nil || !c.gone && c.inner.(driver.Validator).IsValid()
}

func (c *conn) dialect() Dialect { return c.connector.kind() }

// snapshotPerConn reports whether an open result can keep later statements on
// the same connection in its snapshot. PostgreSQL and MySQL take one per
// statement.
func (c *conn) snapshotPerConn() bool { return c.dialect() == SQLite || c.dialect() == Generic }

// Unwrap returns the wrapped driver's connection. What is done with it passes
// the cache by: everything cached in the database's namespace is unusable from
// now until the connection is used again through database/sql, for at most one
// lease, and once more after that. Cache.Write announces such writes exactly.
// Elsewhere than on PostgreSQL nothing is cached on the connection from then on:
// nobody can ask for its temporary tables, or for all of its settings. Types that
// are registered on a connection of pgx are not seen.
//
// Under Config.LazyConnect it may have to dial, and returns nil if that fails;
// PingContext before it tells why.
func (c *conn) Unwrap() driver.Conn {
	if c.ready(context.Background()) != nil {
		return nil
	}
	c.pristine = false
	if c.raw == nil {
		c.readyToWrite(context.Background())
		w, err := c.begin(context.Background(), touched{names: []string{WildcardTag, SchemaTag}}, nil)
		if err == nil {
			c.cache.leases.drop(w) // it must not outlive a forgotten connection
			c.raw = w
		}
	}
	c.session.renamed()
	if c.dialect() != Postgres { // where its whole state can be asked for
		c.session.off = reason.SessionState
	}
	c.tx.doubt = true
	return c.inner
}

// settleRaw announces what may have been written on the unwrapped connection.
func (c *conn) settleRaw(context.Context) {
	if c.raw == nil {
		return
	}
	c.cache.finish(c.raw, true)
	c.raw = nil
	// Where the server does not say whether a transaction is open now, the
	// doubt stays until a COMMIT or ROLLBACK ends it.
	if ask := c.connector.adapter.TxOpen; ask != nil {
		if open, known := ask(c.inner); known {
			c.tx.open, c.tx.doubt = open, false
		}
	}
}

// Close closes the wrapped connection.
func (c *conn) Close() error {
	c.settleRaw(context.Background())
	c.dropCarry()
	c.leadsTo(nil)
	if c.inner == nil || c.gone {
		return nil
	}
	return c.inner.Close()
}

// Ping asks the wrapped connection.
func (c *conn) Ping(ctx context.Context) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	if p, ok := c.inner.(driver.Pinger); ok {
		return p.Ping(ctx)
	}
	return nil
}

// CheckNamedValue lets the wrapped connection check an argument of a text. A
// driver that prepares every text has its statements check: until then an
// argument is left as it is, for it may be one that only they can convert.
func (c *conn) CheckNamedValue(nv *driver.NamedValue) error {
	if !c.byText.query && !c.byText.exec {
		return nil
	}
	return c.checkNamedValue(nv)
}

func (c *conn) checkNamedValue(nv *driver.NamedValue) error {
	if checker, ok := c.inner.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(nv)
	}
	if c.inner == nil && c.like.checker != nil {
		return c.like.checker.CheckNamedValue(nv)
	}
	return driver.ErrSkip
}

// QueryContext answers from the cache or asks the wrapped connection.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if !c.byText.query {
		return nil, driver.ErrSkip
	}
	return c.query(ctx, c.plan(query), &call{conn: c, text: query, args: args})
}

// ExecContext runs a statement on the wrapped connection.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if !c.byText.exec {
		return nil, driver.ErrSkip
	}
	return c.exec(ctx, c.plan(query), &call{conn: c, text: query, args: args})
}

// Query is QueryContext for users of sql.Conn.Raw.
func (c *conn) Query(query string, args []driver.Value) (driver.Rows, error) {
	return c.QueryContext(context.Background(), query, named(args))
}

// Exec is ExecContext for users of sql.Conn.Raw.
func (c *conn) Exec(query string, args []driver.Value) (driver.Result, error) {
	return c.ExecContext(context.Background(), query, named(args))
}

func (c *conn) plan(text string) *plan { return c.cache.plans.get(c.cache, c.dialect(), text) }

// innerQuery asks the wrapped connection in the way it knows.
func (c *conn) innerQuery(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.reach(ctx); err != nil {
		return nil, err
	}
	switch q := c.inner.(type) {
	case driver.QueryerContext:
		return q.QueryContext(ctx, query, args)
	case driver.Queryer: //nolint:staticcheck // database/sql supports it still
		values, err := positional(ctx, args)
		if err != nil {
			return nil, err
		}
		return q.Query(query, values)
	}
	return nil, driver.ErrSkip
}

func (c *conn) innerExec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	switch e := c.inner.(type) {
	case driver.ExecerContext:
		return e.ExecContext(ctx, query, args)
	case driver.Execer: //nolint:staticcheck // database/sql supports it still
		values, err := positional(ctx, args)
		if err != nil {
			return nil, err
		}
		return e.Exec(query, values)
	}
	return nil, driver.ErrSkip
}

// positional returns the arguments for a method without a context and names.
func positional(ctx context.Context, args []driver.NamedValue) ([]driver.Value, error) {
	values := make([]driver.Value, len(args))
	for i, a := range args {
		if a.Name != "" {
			return nil, errors.New("sql: driver does not support the use of Named Parameters")
		}
		values[i] = a.Value
	}
	return values, ctx.Err()
}

func named(args []driver.Value) []driver.NamedValue {
	nv := make([]driver.NamedValue, len(args))
	for i, a := range args {
		nv[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return nv
}

// Prepare prepares a statement.
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// PrepareContext prepares a statement on the wrapped connection.
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := c.ready(ctx); err != nil {
		return nil, err
	}
	c.pristine = false
	inner, err := c.prepare(ctx, query)
	if err != nil {
		if c.carry.begun && c.carry.text == query {
			c.session.off = c.offBefore // it is not going to run
		}
		c.dropCarry()
		return nil, err
	}
	return newStmt(c, inner, query), nil
}

func (c *conn) prepare(ctx context.Context, query string) (driver.Stmt, error) {
	if p, ok := c.inner.(driver.ConnPrepareContext); ok {
		return p.PrepareContext(ctx, query)
	}
	s, err := c.inner.Prepare(query)
	if err == nil && ctx.Err() != nil {
		_ = s.Close()
		return nil, ctx.Err()
	}
	return s, err
}
