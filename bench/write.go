package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

// callsOfAWrite returns how many calls to Redis a write makes before its
// statement is executed, and after.
func callsOfAWrite(ctx context.Context, url string, mode cachedsql.Consistency) (before, after int64, err error) {
	store, err := redisstore.Open(url, redisstore.Config{})
	if err != nil {
		return 0, 0, err
	}
	defer store.Close()
	calls := &counted{Store: store}
	parsed, err := cachedsql.ParseRules("bench", fmt.Appendf(nil, rules, "off"))
	if err != nil {
		return 0, 0, err
	}
	cache, err := cachedsql.New(cachedsql.Config{
		Store: calls, Rules: parsed, Consistency: mode, Namespace: fmt.Sprint("write", time.Now().UnixNano()), LookupTimeout: time.Second,
	})
	if err != nil {
		return 0, 0, err
	}
	w := &writer{calls: calls}
	db := sql.OpenDB(cache.WrapConnector(w))
	const writes = 100
	for range writes {
		if _, err := db.ExecContext(ctx, "UPDATE things SET name = 'x'"); err != nil {
			return 0, 0, err
		}
		for range 1000 { // what is announced in the background
			if calls.n.Load()-w.seen.Load() >= 1 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		w.after += calls.n.Swap(0) - w.seen.Load()
	}
	_ = db.Close()
	_ = cache.Close()
	return w.before / writes, w.after / writes, nil
}

// counted counts the calls that announce writes.
type counted struct {
	cachedsql.Store
	n atomic.Int64
}

func (s *counted) Space(namespace string) cachedsql.Space {
	return countedSpace{s.Store.Space(namespace), s}
}

type countedSpace struct {
	cachedsql.Space
	calls *counted
}

func (sp countedSpace) Begin(ctx context.Context, w cachedsql.WriterID, tags cachedsql.TagSet, lease time.Duration) (cachedsql.Schema, error) {
	sp.calls.n.Add(1)
	return sp.Space.Begin(ctx, w, tags, lease)
}

func (sp countedSpace) End(ctx context.Context, w cachedsql.WriterID, tags cachedsql.TagSet) (cachedsql.Schema, error) {
	sp.calls.n.Add(1)
	return sp.Space.End(ctx, w, tags)
}

// writer is a driver that takes every statement, and notes how many calls have
// been made until it comes.
type writer struct {
	calls         *counted
	seen          atomic.Int64
	before, after int64
}

func (w *writer) Connect(context.Context) (driver.Conn, error) { return w, nil }
func (w *writer) Driver() driver.Driver                        { return w }
func (w *writer) Open(string) (driver.Conn, error)             { return w, nil }
func (w *writer) Prepare(string) (driver.Stmt, error)          { return nil, driver.ErrSkip }
func (w *writer) Begin() (driver.Tx, error)                    { return nil, driver.ErrSkip }
func (w *writer) Close() error                                 { return nil }

func (w *writer) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	n := w.calls.n.Load()
	w.seen.Store(n)
	w.before += n
	return driver.RowsAffected(1), nil
}
