package cachedsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

// shortLived has a TTL that tests can wait for.
const (
	shortTTL   = 40 * time.Millisecond
	shortLived = "version: 1\nrules:\n  - {name: all, ttl: 40ms, jitter: 0, stale_while_revalidate: 1h}\n"
)

func newStaleCrowd(t *testing.T, rules string) *crowd {
	t.Helper()
	c := &crowd{T: t, inner: newReadyDriver(1)}
	c.cache, c.rec = cachedsqltest.New(t, rules, func(c *cachedsql.Config) { c.Namespace = "crowd" })
	c.db = c.cache.OpenDB(c.inner)
	t.Cleanup(func() { c.db.Close() })
	return c
}

func (c *crowd) want(outcome string) {
	c.Helper()
	_, err := c.read(c.Context())
	if got := c.rec.LastRead(); err != nil || got != outcome {
		c.Errorf("got %s, %v, want a %s", got, err, outcome)
	}
}

// eventually waits for what happens in background.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
	}
}

func TestStaleResultIsServedWhileOneReadComputesItAnew(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := newStaleCrowd(t, shortLived)
		c.want("miss")
		time.Sleep(shortTTL)
		held := make(chan struct{})
		release := sync.OnceFunc(func() { close(held) })
		defer release()
		c.inner.before = func(ctx context.Context, n int64) error {
			select {
			case <-held:
			case <-ctx.Done():
			}
			return ctx.Err()
		}
		if err := errors.Join(c.readAll(100)...); err != nil {
			t.Fatal(err)
		}
		if n := c.rec.Count(cachedsql.StaleHit); n != 100 {
			t.Errorf("%d stale hits, want 100", n)
		}
		fills := c.rec.Count(cachedsql.Filled)
		release()
		eventually(t, "it is computed anew", func() bool { return c.rec.Count(cachedsql.Filled) > fills })
		c.wantAsked(2)
		if n := c.rec.Count(cachedsql.Miss); n != 1 {
			t.Errorf("%d misses, want only the first read", n)
		}
		if s := c.cache.Stats(); s.StaleHits != 100 || s.HitRatio() < 0.99 {
			t.Errorf("stats: %d stale hits, ratio %.2f", s.StaleHits, s.HitRatio())
		}
		q := c.cache.Queries()[0]
		if q.StaleHits != 100 || q.Calls != 101 {
			t.Errorf("query: %d stale hits of %d calls, want 100 of 101", q.StaleHits, q.Calls)
		}
	})
}

func TestComputedAnewItIsAHitAgain(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := newStaleCrowd(t, "version: 1\nrules:\n  - {name: all, ttl: 2s, jitter: 0, stale_while_revalidate: 1h}\n")
		c.want("miss")
		c.want("hit")
		time.Sleep(2 * time.Second)
		c.want("stale_hit")
		eventually(t, "a hit", func() bool { _, _ = c.read(t.Context()); return c.rec.LastRead() == "hit" })
		c.wantAsked(2)
	})
}

func TestResultThatAWriteHasOutdatedIsNeverServedStale(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := newStaleCrowd(t, shortLived)
		for range 5 {
			c.want("miss")
			time.Sleep(shortTTL)
			if _, err := c.db.Exec("UPDATE things SET price = 1"); err != nil {
				t.Fatal(err)
			}
		}
		c.want("miss")
		c.wantAsked(6)
	})
}

func TestStaleEndsWithItsTime(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := newStaleCrowd(t, "version: 1\nrules:\n  - {name: all, ttl: 1ms, jitter: 0, stale_while_revalidate: 20ms}\n")
		c.want("miss")
		time.Sleep(50 * time.Millisecond)
		c.want("miss")
		c.wantAsked(2)
	})
}

func TestFailureToComputeAnewIsTriedAgainOnlyAfterAPause(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := newStaleCrowd(t, shortLived)
		c.want("miss")
		time.Sleep(shortTTL)
		broken := errors.New("broken")
		c.inner.before = func(context.Context, int64) error { return broken }
		c.want("stale_hit")
		eventually(t, "it fails", func() bool { return c.rec.Count(cachedsql.NotFilled) > 0 })
		for range 100 {
			c.want("stale_hit")
		}
		c.wantAsked(2)
		for _, e := range c.rec.Events() {
			if e.Outcome == cachedsql.NotFilled && (e.Reason.String() != "result_error" || !errors.Is(e.Err, broken) || e.Rule != "all") {
				t.Errorf("the failure is told as %+v", e)
			}
		}
		eventually(t, "it is tried again", func() bool { c.want("stale_hit"); return c.inner.asked.Load() > 2 })
	})
}

func TestArgumentsAreCopiedForTheReadInBackground(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var mu sync.Mutex
		var asked []string
		held := make(chan struct{})
		connector, rec := newFakeWith(t, shortLived, func() driver.Conn {
			return &textConn{query: func(_ context.Context, _ string, args []driver.NamedValue) (driver.Rows, error) {
				mu.Lock()
				first := len(asked) == 0
				mu.Unlock()
				if !first {
					<-held
				}
				mu.Lock()
				defer mu.Unlock()
				asked = append(asked, fmt.Sprintf("%s=%s", args[0].Name, args[0].Value))
				return &fakeRows{columns: []string{"n"}, rows: [][]driver.Value{{int64(1)}}}, nil
			}}
		})
		db := sql.OpenDB(connector)
		defer db.Close()
		key := []byte("right")
		read := func() {
			var n int
			if err := db.QueryRow("SELECT n FROM items WHERE k = ?", key).Scan(&n); err != nil {
				t.Error(err)
			}
		}
		read()
		time.Sleep(shortTTL)
		read()
		if got := rec.LastRead(); got != "stale_hit" {
			t.Fatalf("got %s", got)
		}
		copy(key, "wrong")
		close(held)
		eventually(t, "it is computed anew", func() bool { mu.Lock(); defer mu.Unlock(); return len(asked) == 2 })
		if want := "[=right =right]"; fmt.Sprint(asked) != want {
			t.Errorf("the database was asked %v, want %s", asked, want)
		}
	})
}

// A session that the connections in background do not have computes its
// results itself.
func TestSessionOfItsOwnComputesAnewItself(t *testing.T) {
	inShops(t, "version: 1\nrules:\n  - {name: all, ttl: 300ms, jitter: 0, stale_while_revalidate: 1h}\n", func(s *shop) {
		if s.dialect == cachedsql.SQLite {
			s.Skip("no settings that matter")
		}
		ctx := s.Context()
		c, err := s.db.Conn(ctx)
		if err != nil {
			s.Fatal(err)
		}
		defer c.Close()
		set := "SET TimeZone = 'Asia/Tokyo'"
		if s.dialect == cachedsql.MySQL {
			set = "SET time_zone = '+09:00'"
		}
		if _, err := c.ExecContext(ctx, set); err != nil {
			s.Fatal(err)
		}
		read := func() string {
			var p int
			if err := c.QueryRowContext(ctx, s.sql("SELECT price FROM items WHERE id = ?"), 1).Scan(&p); err != nil || p != 40 {
				s.Fatalf("got %d, %v", p, err)
			}
			return s.rec.LastRead()
		}
		if got := read(); got != "miss" {
			s.Errorf("got %s", got)
		}
		time.Sleep(300 * time.Millisecond)
		// The first read in background finds out that its session is another.
		eventually(s.T, "a miss", func() bool { return read() == "miss" })
		if got := read(); got != "hit" {
			s.Errorf("after it: %s", got)
		}
	})
}

func TestStatementsAreComputedAnewTheWayTheyCame(t *testing.T) {
	inShops(t, "version: 1\nrules:\n  - {name: all, ttl: 500ms, jitter: 0, stale_while_revalidate: 1h}\n", func(s *shop) {
		stmt, err := s.db.Prepare(s.sql("SELECT price FROM items WHERE id = ?"))
		if err != nil {
			s.Fatal(err)
		}
		defer stmt.Close()
		for name, query := range map[string]func() *sql.Row{
			"prepared": func() *sql.Row { return stmt.QueryRow(1) },
			"text":     func() *sql.Row { return s.db.QueryRow(s.sql("SELECT price FROM items WHERE id = ?"), 1) },
		} {
			read := func(want int) string {
				var p int
				if err := query().Scan(&p); err != nil || p != want {
					s.Fatalf("%s: got %d, %v, want %d", name, p, err, want)
				}
				return s.rec.LastRead()
			}
			read(40)
			time.Sleep(500 * time.Millisecond)
			if _, err := s.bare.Exec("UPDATE items SET price = 41 WHERE id = 1"); err != nil { // nobody announces it
				s.Fatal(err)
			}
			if got := read(40); got != "stale_hit" {
				s.Errorf("%s: got a %s", name, got)
			}
			eventually(s.T, "the new price", func() bool {
				var p int
				if err := query().Scan(&p); err != nil {
					s.Fatal(err)
				}
				return p == 41
			})
			if _, err := s.bare.Exec("UPDATE items SET price = 40 WHERE id = 1"); err != nil {
				s.Fatal(err)
			}
			if err := s.cache.Flush(s.Context()); err != nil {
				s.Fatal(err)
			}
		}
	})
}

func TestNothingIsComputedAnewAfterClose(t *testing.T) {
	// Not parallel: other tests' goroutines would be found.
	before := goleak.IgnoreCurrent()
	cache, err := cachedsql.New(cachedsql.Config{Namespace: "closing"})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := cachedsql.ParseRules("rules", []byte(shortLived))
	if err != nil {
		t.Fatal(err)
	}
	cache.SetRules(parsed)
	inner := newReadyDriver(1)
	var waiting atomic.Int64
	inner.before = func(ctx context.Context, n int64) error {
		if n == 1 {
			return nil
		}
		waiting.Add(1)
		<-ctx.Done()
		return ctx.Err()
	}
	db := cache.OpenDB(inner)
	newThing(benchQuery, 1).read(t, db)
	time.Sleep(shortTTL)
	newThing(benchQuery, 1).read(t, db)
	eventually(t, "it is under way", func() bool { return waiting.Load() > 0 })
	if err := errors.Join(db.Close(), cache.Close()); err != nil {
		t.Fatal(err)
	}
	goleak.VerifyNone(t, before)
}
