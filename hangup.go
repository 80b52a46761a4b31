package cachedsql

import (
	"context"
	"database/sql/driver"
	"time"
)

// database/sql has a driver look at each connection that it takes from the pool:
// its server may have hung up. With some drivers that is a system call and takes
// longer than a hit from the near cache. A hit sends nothing on the connection, so
// where looking is all that ResetSession does (Adapter.ResetLooks), it is left out
// for those that follow each other closely. It is made up for before anything is
// sent.

// lookEvery is how long hits go by what a look at the connection has shown.
const lookEvery = 10 * time.Millisecond

// looked is what is known of the server's end of a connection.
type looked struct {
	at   time.Duration // since the process started: when it was last looked at
	idle bool          // nothing has been sent since then
	owed bool          // database/sql has asked to look since then
}

// reset is ResetSession of the wrapped connection, unless that may wait.
func (c *conn) reset(ctx context.Context) error {
	if c.looked.idle && time.Duration(sinceStart())-c.looked.at < lookEvery {
		c.looked.owed = true
		return nil
	}
	return c.lookNow(ctx)
}

func (c *conn) lookNow(ctx context.Context) error {
	c.looked = looked{}
	r, ok := c.inner.(driver.SessionResetter)
	if !ok {
		return nil
	}
	if err := r.ResetSession(ctx); err != nil {
		return err
	}
	if c.connector.adapter.ResetLooks {
		c.looked = looked{at: time.Duration(sinceStart()), idle: true}
	}
	return nil
}

// aboutToSend must be called before something is sent on a connection. Its error
// is what ResetSession would have told database/sql, which then takes another
// connection; but for a sql.Conn, whose user is told.
func (c *conn) aboutToSend(ctx context.Context) error {
	if c.looked.owed {
		if err := c.lookNow(ctx); err != nil {
			c.looked.owed = true // whoever sends next must not take the connection for a good one
			return err
		}
	}
	c.looked.idle = false
	return nil
}
