// Package cachedsqltest helps programs test their own queries with the cache
// in front: with go-sqlmock or any other driver, without Redis.
package cachedsqltest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
)

// Everything is a rule file that caches every read that can be cached.
const Everything = "version: 1\nrules:\n  - {name: everything, ttl: 1h, jitter: 0}\n"

// New returns a Cache with an in-process store of its own and a Recorder of
// what happens in it. rules is the text of a rule file. change, if not nil,
// may set more of the configuration. The Cache is closed with the test.
func New(t testing.TB, rules string, change func(*cachedsql.Config)) (*cachedsql.Cache, *Recorder) {
	t.Helper()
	parsed, err := cachedsql.ParseRules("rules", []byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	rec := &Recorder{}
	config := cachedsql.Config{Rules: parsed}
	if change != nil {
		change(&config)
	}
	own := config.OnEvent
	config.OnEvent = func(e cachedsql.Event) {
		rec.add(e)
		if own != nil {
			own(e)
		}
	}
	cache, err := cachedsql.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cache.Close() })
	return cache, rec
}

// OpenDB opens a handle on connector with a Cache as New makes it. The handle
// is closed with the test.
func OpenDB(t testing.TB, connector driver.Connector, rules string) (*sql.DB, *Recorder) {
	t.Helper()
	cache, rec := New(t, rules, nil)
	db := cache.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db, rec
}

// Recorder keeps the events of a Cache. It is safe for concurrent use.
type Recorder struct {
	mu     sync.Mutex
	events []cachedsql.Event
}

func (r *Recorder) add(e cachedsql.Event) {
	r.mu.Lock()
	r.events = append(r.events, e)
	r.mu.Unlock()
}

// Events returns what has happened since the last Reset.
func (r *Recorder) Events() []cachedsql.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]cachedsql.Event(nil), r.events...)
}

// Reset forgets what has happened.
func (r *Recorder) Reset() {
	r.mu.Lock()
	r.events = nil
	r.mu.Unlock()
}

// Count returns how often an outcome has happened since the last Reset.
func (r *Recorder) Count(o cachedsql.Outcome) int {
	n := 0
	for _, e := range r.Events() {
		if e.Outcome == o {
			n++
		}
	}
	return n
}

// LastRead returns what happened to the last read: "hit", "near_hit", "stale_hit", "coalesced", "miss", "checked",
// or "bypass" and the reason, "bypass volatile_function".
func (r *Recorder) LastRead() string {
	events := r.Events()
	for i := len(events) - 1; i >= 0; i-- {
		switch e := events[i]; e.Outcome {
		case cachedsql.Hit, cachedsql.NearHit, cachedsql.StaleHit, cachedsql.Coalesced, cachedsql.Miss, cachedsql.Checked:
			return e.Outcome.String()
		case cachedsql.Bypassed:
			return e.Outcome.String() + " " + e.Reason.String()
		}
	}
	return ""
}

// String lists the events, one a line.
func (r *Recorder) String() string {
	var b strings.Builder
	for _, e := range r.Events() {
		fmt.Fprintf(&b, "%s %s %s %v\n", e.Outcome, e.Reason, e.Statement, e.Tags)
	}
	return b.String()
}

// Wait waits until what the Cache does in the background is done.
func Wait(t testing.TB, cache *cachedsql.Cache) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := cache.Wait(ctx); err != nil {
		t.Fatal("cachedsqltest: the cache is still busy: ", err)
	}
}
