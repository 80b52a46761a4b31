package cachedsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

// lookDriver has connections whose server may hang up, and counts how often
// somebody looks.
type lookDriver struct {
	*readyDriver
	mu    sync.Mutex
	looks int
	conns []*lookConn
}

type lookConn struct {
	readyConn
	driver *lookDriver
	hungUp bool
	asked  int
}

func (d *lookDriver) Connect(context.Context) (driver.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := &lookConn{readyConn: readyConn{d.readyDriver}, driver: d}
	d.conns = append(d.conns, c)
	return c, nil
}

// hangUp ends all connections there are.
func (d *lookDriver) hangUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.conns {
		c.hungUp = true
	}
}

// askedDead is how many statements were sent to a server that had hung up.
func (d *lookDriver) askedDead() (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.conns {
		n += c.asked
	}
	return n
}

func (d *lookDriver) looked() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.looks
}

func (c *lookConn) ResetSession(context.Context) error {
	c.driver.mu.Lock()
	defer c.driver.mu.Unlock()
	c.driver.looks++
	if c.hungUp {
		return driver.ErrBadConn
	}
	return nil
}

func (c *lookConn) send() {
	c.driver.mu.Lock()
	defer c.driver.mu.Unlock()
	if c.hungUp {
		c.asked++
	}
}

func (c *lookConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.send()
	return c.readyConn.QueryContext(ctx, query, args)
}

func (c *lookConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.send()
	return c.readyConn.ExecContext(ctx, query, args)
}

func (c *lookConn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	c.send()
	return readyTx{}, nil
}

type readyTx struct{}

func (readyTx) Commit() error   { return nil }
func (readyTx) Rollback() error { return nil }

func lookAtHits(t *testing.T, resetLooks bool) (*lookDriver, *cachedsql.Cache, *sql.DB) {
	t.Helper()
	d := &lookDriver{readyDriver: newReadyDriver(1)}
	cache, _ := cachedsqltest.New(t, cachedsqltest.Everything, func(c *cachedsql.Config) { c.Adapter.ResetLooks = resetLooks })
	db := cache.OpenDB(d)
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	thing := newThing(benchQuery, 1)
	thing.read(t, db)
	cachedsqltest.Wait(t, cache)
	return d, cache, db
}

func TestHitsHaveTheirConnectionLookedAtEveryFewMilliseconds(t *testing.T) {
	t.Parallel()
	const reads = 2000
	for _, resetLooks := range []bool{false, true} {
		d, cache, db := lookAtHits(t, resetLooks)
		thing := newThing(benchQuery, 1)
		before, started := d.looked(), time.Now()
		for range reads {
			thing.read(t, db)
		}
		if hits := cache.Stats().Hits; hits != reads {
			t.Fatalf("%d hits, want %d", hits, reads)
		}
		looks, most := d.looked()-before, reads
		if resetLooks {
			most = int(time.Since(started)/(10*time.Millisecond)) + 2
		}
		if looks > most || !resetLooks && looks != reads {
			t.Errorf("ResetLooks %v: %d looks for %d hits, want %d at most", resetLooks, looks, reads, most)
		}
	}
}

// TestNothingIsSentOnAConnectionThatMissedItsLook: what is left out for hits is
// made up for before a statement, and database/sql takes another connection as
// if it had not been left out.
func TestNothingIsSentOnAConnectionThatMissedItsLook(t *testing.T) {
	t.Parallel()
	other := "SELECT * FROM others WHERE id = ?"
	var missed atomic.Int64
	for name, use := range map[string]func(db *sql.DB) error{
		"miss": func(db *sql.DB) error {
			thing := newThing(other, 1)
			thing.arg = missed.Add(1)
			thing.read(t, db)
			return nil
		},
		"exec": func(db *sql.DB) error { _, err := db.Exec("UPDATE things SET n = 1"); return err },
		"begin": func(db *sql.DB) error {
			tx, err := db.Begin()
			if err == nil {
				err = tx.Rollback()
			}
			return err
		},
		"bypass": func(db *sql.DB) error {
			rows, err := db.QueryContext(cachedsql.Bypass(t.Context()), benchQuery, int64(7))
			if err == nil {
				err = rows.Close()
			}
			return err
		},
		"write with rows": func(db *sql.DB) error {
			rows, err := db.Query("INSERT INTO things (n) VALUES (1) RETURNING n")
			if err == nil {
				err = rows.Close()
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, _, db := lookAtHits(t, true)
			for range 20 {
				thing := newThing(benchQuery, 1)
				thing.read(t, db)
				thing.read(t, db)
				d.hangUp()
				if err := use(db); err != nil {
					t.Fatalf("after the server hung up: %v", err)
				}
			}
			if n := d.askedDead(); n != 0 {
				t.Errorf("%d statements went to a server that had hung up", n)
			}
			if len(d.conns) < 15 {
				t.Errorf("%d connections for 20 that ended", len(d.conns))
			}
		})
	}
}
