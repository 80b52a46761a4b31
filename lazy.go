package cachedsql

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// A connection under Config.LazyConnect is lazy at first: it is not dialled,
// and taken for one that begins as the connector's last one did (its outset).
// That is enough to look a read up. Whatever needs the database dials, and from
// then on the connection is like any other:
//
//	write, BEGIN, Prepare, Ping, Raw:  ready, then as ever
//	read:                              lookup; hit: done
//	                                   miss: arrive, which compares the server's
//	                                   word with what the lookup took for it
//
// An error of dialling comes out of the statement as it would have come out of
// the connector's Connect.

// newLazyConn returns a connection that is not dialled, nil where it has to be.
func (k *connector) newLazyConn() driver.Conn {
	like := k.outsets.like.Load()
	if like == nil {
		return nil
	}
	c := &conn{cache: k.cache, connector: k, byText: like.byText, like: like, session: session{misread: true}, lazy: true}
	return c.asDriverConn(like.resets, like.validates)
}

// dial opens the wrapped driver's connection.
func (c *conn) dial(ctx context.Context) error {
	c.dialled = c.connector.dialling()
	inner, err := c.connector.inner.Connect(ctx)
	if err != nil {
		return err
	}
	c.inner, c.pristine, c.gone = inner, c.connector.lazy, false
	c.noteSample(ctx)
	c.noteGrants(ctx)
	return nil
}

// reach makes the wrapped driver's connection be there.
func (c *conn) reach(ctx context.Context) error {
	if c.inner == nil {
		return c.dial(ctx)
	}
	if c.checkLive(ctx); c.gone {
		return driver.ErrBadConn // wake takes another: not here, in the middle of a question
	}
	return nil
}

// ready makes a lazy connection an ordinary one, of which nothing is known yet.
func (c *conn) ready(ctx context.Context) error {
	if _, err := c.wake(ctx); err != nil || !c.lazy {
		return err
	}
	if err := c.reach(ctx); err != nil {
		return err
	}
	c.lazy, c.like, c.begins, c.unverified = false, nil, nil, false
	c.forgetState()
	return nil
}

// errAnother says that a connection has been dialled and is not what it was
// taken for.
var errAnother = errors.New("cachedsql: the connection is not what it was taken for")

// arrive makes the connection ready for a read that has been looked up. With
// errAnother the read has to begin again.
func (c *conn) arrive(ctx context.Context, l *lookup) error {
	if another, err := c.wake(ctx); another || err != nil {
		return cmp.Or(err, errAnother)
	}
	if !c.lazy {
		return nil
	}
	taken := c.begins
	if err := c.ready(ctx); err != nil || taken == nil {
		return err
	}
	if c.know(ctx) != nil {
		return errAnother
	}
	if !taken.same(c.outsetNow()) {
		return errAnother
	}
	if l != nil && (c.route(l.plan) != l.route || c.refuseRoute(l.plan, l.route, l.wish) != reason.None) {
		return errAnother
	}
	return nil
}

// another makes the connection ready, for a read that has to begin again.
func (c *conn) another(ctx context.Context) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	return errAnother
}

// assumeFor makes a lazy connection fit for a statement: to be taken for one
// that begins as others did, or ready.
func (c *conn) assumeFor(ctx context.Context, p *plan) error {
	if !p.inert && p.st.Kind == sqlparse.Read && c.assume(ctx) {
		return nil
	}
	return c.ready(ctx)
}

// assume takes the connection for one that begins as others did. It reports
// whether it is known how they do.
func (c *conn) assume(ctx context.Context) bool {
	if c.inner != nil { // dialled to read the catalog: it can be asked itself
		return false
	}
	o, unverified := c.connector.outset(ctx)
	if o == nil {
		return false
	}
	if o != c.begins {
		c.begins, c.session = o, o.session
		c.tx = txState{chains: o.chains, autocommitOff: o.autocommitOff}
	}
	c.unverified = unverified
	return true
}

// servesUnverified reports whether the rule lets a hit be served although the
// database cannot be reached.
func (r *route) servesUnverified() bool { return r.rule != nil && r.rule.OnDatabaseDown == Serve }
