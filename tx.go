package cachedsql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
)

// tx is a transaction of the wrapped driver. What is written in it is leased
// before COMMIT and forgotten on ROLLBACK; what is read in it comes from the
// database and is never stored.
type tx struct {
	inner driver.Tx
	conn  *conn
	ctx   context.Context //nolint:containedctx // Commit has none of its own
}

var _ driver.Tx = (*tx)(nil)

// Begin starts a transaction.
func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// BeginTx starts a transaction on the wrapped connection.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.dropCarry()
	if err := c.ready(ctx); err != nil {
		return nil, err
	}
	c.settleRaw(ctx)
	c.readyToWrite(ctx)
	c.pristine = false
	w, err := c.commitImplicitly(ctx)
	if err != nil {
		return nil, err
	}
	err = errPanicked // until the driver says otherwise
	defer func() {
		if w != nil {
			c.cache.finish(w, err == nil || c.definite(err))
		}
	}()
	inner, err := c.beginInner(ctx, opts)
	if err != nil {
		return nil, err
	}
	// PostgreSQL only warns of a BEGIN inside a transaction: what that has
	// written stays to be announced.
	c.tx.open, c.tx.doubt, c.tx.isolationOnce = true, false, false
	return &tx{inner: inner, conn: c, ctx: ctx}, nil
}

// readyToWrite learns what a transaction's writes need to know while the
// server may still be asked.
func (c *conn) readyToWrite(ctx context.Context) {
	c.doubtReplica()
	if c.tx.inside() || c.tx.isolationOnce || c.session.names.Known && c.session.backend != nil && !c.session.misread &&
		(c.session.known || !c.session.isReplica()) && (!c.connector.hasCatalog() || c.session.backend.upToDate() && c.namesHold(c.session.backend.known())) {
		return
	}
	if c.know(ctx) == nil && c.knowCatalog(ctx) != nil && c.connector.hasCatalog() { // the writes count for every table then
		c.session.backend.readAside(ctx, c.dialect(), server{c})
	}
}

// commitImplicitly leases what has been written where BEGIN commits it: MySQL
// with autocommit off, or after a BEGIN sent as text.
func (c *conn) commitImplicitly(ctx context.Context) (*write, error) {
	if len(c.tx.writes) == 0 {
		return nil, nil
	}
	return c.begin(ctx, c.tx.touched(touched{}), nil)
}

func (c *conn) beginInner(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if b, ok := c.inner.(driver.ConnBeginTx); ok {
		return b.BeginTx(ctx, opts)
	}
	if sql.IsolationLevel(opts.Isolation) != sql.LevelDefault {
		return nil, errors.New("sql: driver does not support non-default isolation level")
	}
	if opts.ReadOnly {
		return nil, errors.New("sql: driver does not support read-only transactions")
	}
	inner, err := c.inner.Begin() //nolint:staticcheck // database/sql supports it still
	if err == nil && ctx.Err() != nil {
		_ = inner.Rollback()
		return nil, ctx.Err()
	}
	return inner, err
}

// Commit leases every table written, commits, and ends the lease.
func (t *tx) Commit() error { return t.conn.commit(t.ctx, t.inner.Commit, t.inner.Rollback) }

// Rollback rolls back and forgets what was written.
func (t *tx) Rollback() error {
	err := t.inner.Rollback()
	t.conn.ended(err)
	return err
}
