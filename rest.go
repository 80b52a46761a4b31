package cachedsql

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"time"
)

// Some drivers look, when a connection comes out of the pool, whether its server
// has hung up. That takes longer than a hit in the near cache, which does not
// need the server. Under Adapter.ResetProbes the connection rests instead:
//
//	ResetSession:          it rests
//	hit:                   it goes on resting
//	all that needs it:     wake, which looks; nobody has used a connection that
//	                       turns out to be gone, so another is dialled in its
//	                       place, as database/sql would have taken another
//
// Statements prepared on a connection that is gone answer ErrBadConn, and
// database/sql prepares them again.

// restsFor is how long nobody looks at most: until then a hit may be served on a
// connection whose server has hung up.
const restsFor = time.Second

// resetDriver calls the driver's ResetSession, or puts it off.
func (c *conn) resetDriver(ctx context.Context) error {
	if c.mayRest() {
		c.rests = true
		return nil
	}
	return c.probe(ctx)
}

// mayRest reports whether the driver need not look at the connection now. What
// may be in a transaction, or has not been asked for its state, is needed anyway.
func (c *conn) mayRest() bool {
	return c.connector.adapter.ResetProbes && c.inner != nil && !c.gone && c.session.known && !c.tx.inside() &&
		c.probed != 0 && sinceStart()-c.probed < int64(restsFor)
}

// probe calls the driver's ResetSession. ErrBadConn says that it is gone; to
// database/sql any other error says nothing.
func (c *conn) probe(ctx context.Context) error {
	c.rests = false
	if c.gone {
		return driver.ErrBadConn
	}
	r, ok := c.inner.(driver.SessionResetter)
	if !ok {
		return nil
	}
	if c.connector.adapter.ResetProbes {
		c.probed = sinceStart()
	}
	return r.ResetSession(ctx)
}

// checkLive has the driver look at a resting connection.
func (c *conn) checkLive(ctx context.Context) {
	if c.rests && errors.Is(c.probe(ctx), driver.ErrBadConn) {
		c.gone = true
		_ = c.inner.Close()
	}
}

// wake makes a resting connection fit to be used. It reports whether another was
// dialled in its place, of which nothing is known yet. Where that fails it is
// gone, and database/sql takes another.
func (c *conn) wake(ctx context.Context) (another bool, err error) {
	if c.checkLive(ctx); !c.gone {
		return false, nil
	}
	if c.dial(ctx) != nil {
		return false, cmp.Or(ctx.Err(), driver.ErrBadConn) // database/sql may have another, or says what is wrong
	}
	c.forgetState()
	return true, nil
}

// forgetState makes the connection one of which nothing is known, but what was
// asked when it was dialled.
func (c *conn) forgetState() {
	c.session, c.tx = session{misread: true, grants: c.session.grants}, txState{}
}
