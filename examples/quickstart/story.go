package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"sync"
	"text/tabwriter"

	"github.com/cachedsql/cachedsql"
)

// An observer remembers what the cache said about the statement that just ran.
type observer struct {
	mu   sync.Mutex
	last cachedsql.Event
	any  bool
}

// event is Config.OnEvent; it is called from several goroutines.
func (o *observer) event(e cachedsql.Event) {
	switch e.Outcome {
	case cachedsql.Hit, cachedsql.NearHit, cachedsql.Miss, cachedsql.Bypassed, cachedsql.Invalidated:
	default:
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	// A write is both a bypass and an invalidation; the latter says more.
	if o.any && o.last.Outcome == cachedsql.Invalidated {
		return
	}
	o.last, o.any = e, true
}

// take returns the outcome in words, with the reason of a bypass, and forgets it.
func (o *observer) take() (outcome, reason string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	e, any := o.last, o.any
	o.last, o.any = cachedsql.Event{}, false
	if !any {
		return "-", ""
	}
	if e.Outcome == cachedsql.Bypassed {
		return e.Outcome.String(), e.Reason.String()
	}
	return e.Outcome.String(), ""
}

// handle is what *sql.DB and *sql.Tx have in common.
type handle interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// A story runs statements and prints a line about each. After the first error
// it does nothing more.
type story struct {
	cache  *cachedsql.Cache
	db     *sql.DB
	seen   *observer
	out    io.Writer
	table  *tabwriter.Writer // nil before begin
	before cachedsql.Stats
	err    error
}

func (s *story) begin() {
	s.table = tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(s.table, "STATEMENT\tANSWER\tOUTCOME\tWHY\t")
}

func (s *story) exec(ctx context.Context, on handle, statement, remark string) {
	if s.err != nil {
		return
	}
	_, s.err = on.ExecContext(ctx, statement)
	s.line(ctx, statement, "", remark)
}

func (s *story) price(ctx context.Context, on handle, remark string) {
	s.query(ctx, on, "SELECT price FROM products WHERE id = ?", remark, 1)
}

func (s *story) query(ctx context.Context, on handle, statement, remark string, args ...any) {
	if s.err != nil {
		return
	}
	var answer string
	s.err = on.QueryRowContext(ctx, statement, args...).Scan(&answer)
	s.line(ctx, statement, answer, remark)
}

// rolledBack changes the price in a transaction that comes to nothing.
func (s *story) rolledBack(ctx context.Context) {
	if s.err != nil {
		return
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		s.err = err
		return
	}
	s.line(ctx, "BEGIN", "", "")
	s.exec(ctx, tx, "UPDATE products SET price = 1 WHERE id = 1", "nobody else sees it yet")
	s.price(ctx, tx, "a transaction sees its own writes: never cached")
	if err := tx.Rollback(); s.err == nil {
		s.err = err
	}
	s.line(ctx, "ROLLBACK", "", "the written tables are forgotten")
}

// line waits until the statement's fill or invalidation, which happen in the
// background, is done: the next line then does not depend on luck.
func (s *story) line(ctx context.Context, statement, answer, remark string) {
	if s.err == nil {
		s.err = s.cache.Wait(ctx)
	}
	outcome, reason := s.seen.take()
	if s.table == nil || s.err != nil {
		return
	}
	if reason != "" {
		remark = reason + ": " + remark
	}
	fmt.Fprintf(s.table, "%s\t%s\t%s\t%s\t\n", statement, answer, outcome, remark)
}

// forgetStats makes the stats begin with the table.
func (s *story) forgetStats() { s.before = s.cache.Stats() }

func (s *story) end() {
	if s.err != nil {
		return
	}
	if s.err = s.table.Flush(); s.err != nil {
		return
	}
	now := s.cache.Stats()
	fmt.Fprintf(s.out, "\n%d hits, %d misses, %d bypasses, %d results stored, %d invalidations\n",
		now.Hits-s.before.Hits, now.Misses-s.before.Misses, now.Bypasses-s.before.Bypasses,
		now.Fills-s.before.Fills, now.Invalidations-s.before.Invalidations)
}
