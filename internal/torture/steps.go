//go:build unix

package main

import (
	"context"
	"database/sql/driver"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cachedsql/cachedsql"
)

// The steps of the protocol, in order, as seen from the two sides of the
// cache: its store and the driver it wraps. A worker can be told to die or to
// stop at any of them. No hook in the cache itself is needed.
const (
	noStep = iota
	readAcked
	beginSent
	beginAcked
	execSent
	execAcked
	commitSent
	commitAcked
	endSent
	endAcked
	fillSent
	fillAcked
	stepCount
)

// What a worker does at the step it is armed for.
const (
	die     = iota + 1 // kill -9
	halt               // SIGSTOP; the parent continues it
	giveUp             // at commitSent: the connection seems lost, COMMIT arrives later
	dawdle             // wait for a while
	forget             // remove all tags from Redis, and wait for a while
	empty              // empty Redis
	migrate            // change the schema, read by it, and be slow to end
	reread             // be slow, read what migrate has read, and mostly change the schema back
)

func arm(step, action int) int64 { return int64(step)<<8 | int64(action) }

// at is called at each step. It reports whether a COMMIT is to come late.
func (w *worker) at(step int) (late bool) {
	armed := w.shared.armed[w.Number].Load()
	if armed>>8 != int64(step) || !w.shared.armed[w.Number].CompareAndSwap(armed, 0) {
		return false
	}
	switch armed & 0xff {
	case die:
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case halt:
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	case giveUp:
		return true
	case forget:
		w.removeTags()
		time.Sleep(aWhile)
	case empty:
		w.emptyRedis()
	case migrate:
		w.changeKey()
		w.readItemByKey(0) // finds the schema changed
		w.readByKey()
		w.shared.armed[w.Number].Store(arm(endSent, reread))
	case reread:
		time.Sleep(aWhile / 4)
		w.readByKey()
		w.dropKey()
	case dawdle:
		time.Sleep(aWhile)
	}
	return false
}

// stepStore is the cache's store, with steps.
type stepStore struct {
	cachedsql.Store
	worker *worker
}

func (s stepStore) Space(namespace string) cachedsql.Space {
	return stepSpace{s.Store.Space(namespace), s.worker}
}

type stepSpace struct {
	cachedsql.Space
	worker *worker
}

func (s stepSpace) Read(ctx context.Context, key cachedsql.Key, tags cachedsql.TagSet, buf []byte) (cachedsql.Reading, error) {
	r, err := s.Space.Read(ctx, key, tags, buf)
	s.worker.at(readAcked)
	return r, err
}

// Follow forwards what only some spaces have.
func (s stepSpace) Follow(bound time.Duration, report func(error)) (cachedsql.Following, error) {
	f, ok := s.Space.(cachedsql.Follower)
	if !ok {
		return nil, errors.New("cannot follow")
	}
	return f.Follow(bound, report)
}

func (s stepSpace) Begin(ctx context.Context, id cachedsql.WriterID, tags cachedsql.TagSet, lease time.Duration) (cachedsql.Schema, error) {
	s.worker.at(beginSent)
	schema, err := s.Space.Begin(ctx, id, tags, lease)
	if s.worker.shared.armed[s.worker.Number].Load() != arm(beginAcked, migrate) || writesItemsOnly(tags.Names()) {
		s.worker.at(beginAcked)
	}
	return schema, err
}

// writesItemsOnly reports whether a schema change would be worth it: it does not
// have to wait for rows that a transaction has locked.
func writesItemsOnly(tags []string) bool {
	names := func(table string) bool {
		return slices.ContainsFunc(tags, func(tag string) bool { return strings.Contains(tag, "."+table) })
	}
	return names("items") && !names("grps")
}

func (s stepSpace) End(ctx context.Context, id cachedsql.WriterID, tags cachedsql.TagSet) (cachedsql.Schema, error) {
	s.worker.at(endSent)
	schema, err := s.Space.End(ctx, id, tags)
	s.worker.at(endAcked)
	return schema, err
}

func (s stepSpace) Fill(ctx context.Context, key cachedsql.Key, entry []byte, ttl time.Duration) error {
	s.worker.at(fillSent)
	err := s.Space.Fill(ctx, key, entry, ttl)
	s.worker.at(fillAcked)
	return err
}

// stepConnector is the wrapped driver's connector, with steps.
type stepConnector struct {
	driver.Connector
	worker *worker
}

func (k stepConnector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &stepConn{Conn: inner, worker: k.worker}, nil
}

// stepConn forwards what both drivers have.
type stepConn struct {
	driver.Conn
	worker *worker
	late   sync.WaitGroup // COMMITs on their way
}

func (c *stepConn) Unwrap() driver.Conn { return c.Conn }

func (c *stepConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
}

func (c *stepConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *stepConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.worker.at(execSent)
	r, err := c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
	c.worker.at(execAcked)
	return r, err
}

func (c *stepConn) CheckNamedValue(nv *driver.NamedValue) error {
	return c.Conn.(driver.NamedValueChecker).CheckNamedValue(nv)
}

func (c *stepConn) ResetSession(ctx context.Context) error {
	return c.Conn.(driver.SessionResetter).ResetSession(ctx)
}

func (c *stepConn) IsValid() bool {
	v, ok := c.Conn.(driver.Validator)
	return !ok || v.IsValid()
}

func (c *stepConn) Close() error {
	go func() {
		c.late.Wait()
		_ = c.Conn.Close()
	}()
	return nil
}

func (c *stepConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	// A COMMIT that comes late must not end with the call that gave it up.
	inner, err := c.Conn.(driver.ConnBeginTx).BeginTx(context.WithoutCancel(ctx), opts)
	if err != nil {
		return nil, err
	}
	return stepTx{inner, c, changesOf(ctx)}, nil
}

type stepTx struct {
	driver.Tx
	conn    *stepConn
	changes []change
}

func (t stepTx) Commit() error {
	if t.conn.worker.at(commitSent) {
		t.conn.late.Go(func() {
			time.Sleep(aWhile)
			if t.Tx.Commit() == nil {
				t.conn.worker.committed(t.changes)
			}
		})
		return driver.ErrBadConn
	}
	err := t.Tx.Commit()
	t.conn.worker.at(commitAcked)
	return err
}
