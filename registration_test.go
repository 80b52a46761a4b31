package cachedsql_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

// Times of these tests: long enough for a busy machine.
const (
	awayLease   = 2 * time.Second
	awayAbsence = 8 * time.Second
)

// awayPair is a writer a that can be cut off from Redis, and a reader b that
// cannot.
type awayPair struct {
	*pair
	proxy *proxy
}

func newAwayPair(t *testing.T, change func(*cachedsql.Config)) *awayPair {
	t.Helper()
	server := testredis.Start(t)
	via := newProxy(t, server.Addr)
	config := cachedsql.Config{
		Lease: awayLease, LookupTimeout: 2 * time.Second, FenceInterval: 700 * time.Millisecond, OnCacheDown: cachedsql.Wait,
	}
	open := func(addr string) cachedsql.Store {
		s, err := redisstore.Open("redis://"+addr, redisstore.Config{Quarantine: awayLease, Absence: awayAbsence})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	config.Store = open(server.Addr)
	if change != nil {
		change(&config)
	}
	p := &awayPair{newPair(t, cachedsql.SQLite, config), via}
	p.config.Store = open(via.addr)
	p.a = p.handle()
	return p
}

// registered waits until the writer has registered, which its first write
// makes it do.
func (p *awayPair) registered() {
	p.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, until := p.a.cache.AwayFrom(); !until.IsZero() {
			return
		}
		if time.Now().After(deadline) {
			p.Fatal("the writer does not register")
		}
	}
}

func (p *awayPair) wantRefused(what string, err error) {
	p.Helper()
	if !errors.Is(err, cachedsql.ErrCacheDown) || !strings.Contains(err.Error(), "refused") {
		p.Errorf("%s: got error %v, want one that wraps ErrCacheDown and says refused", what, err)
	}
}

// wantHit reads until the reader serves hits; no answer on the way may be older
// than what is in the database.
func (p *awayPair) wantHit(patience time.Duration) {
	p.Helper()
	want := answer(p.Context(), p.bare, allItems)
	for deadline := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		got, did := p.b.read(allItems)
		if got != want {
			p.Fatalf("got %q (%s), want %q", got, did, want)
		}
		if did == "hit" {
			return
		}
		if time.Now().After(deadline) {
			p.Fatalf("no hits after %v, but %s", patience, did)
		}
	}
}

func TestNobodyReadsWhatAWriterWithoutRedisHasChanged(t *testing.T) {
	t.Parallel()
	p := newAwayPair(t, nil)
	p.exec(p.a.db, raise)
	p.registered()
	p.wantHit(30 * time.Second)
	p.proxy.Cut(true)
	quick := time.Hour
	for n := range 3 {
		first := took(func() { p.exec(p.a.db, raise) })
		second := took(func() {
			tx, err := p.a.db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			p.exec(tx, raise)
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
		})
		if n > 0 { // the first has waited for all
			quick = min(quick, first, second)
		}
		want := answer(t.Context(), p.bare, allItems)
		for range 20 {
			if got, did := p.b.read(allItems); got != want || did != pendingRead {
				t.Fatalf("got %q (%s), want %q (%s)", got, did, want, pendingRead)
			}
		}
	}
	if quick > awayAbsence/16 {
		t.Errorf("of 4 writes in an outage that is known the quickest has taken %v: each waits", quick)
	}
	p.proxy.Cut(false)
	p.wantHit(30 * time.Second)
	p.exec(p.a.db, raise)
	p.wantHit(30 * time.Second)
}

// Without waiting the same serves what was there before: the test above could
// fail.
func TestAvailableWriterWithoutRedisIsMissed(t *testing.T) {
	t.Parallel()
	p := newAwayPair(t, func(c *cachedsql.Config) { c.OnCacheDown = cachedsql.Available })
	p.exec(p.a.db, raise)
	p.wantHit(30 * time.Second)
	before := answer(t.Context(), p.bare, allItems)
	p.proxy.Cut(true)
	p.exec(p.a.db, raise)
	if got, did := p.b.read(allItems); got != before || did != "hit" {
		t.Errorf("got %q (%s), want %q (hit)", got, did, before)
	}
}

func TestWriterThatIsNotRegisteredIsRefused(t *testing.T) {
	t.Parallel()
	p := newAwayPair(t, nil)
	p.a.read(allItems)
	before := answer(t.Context(), p.bare, allItems)
	p.proxy.Cut(true)
	_, err := p.a.db.Exec(raise)
	p.wantRefused("the first write", err)
	if got := answer(t.Context(), p.bare, allItems); got != before {
		t.Errorf("got %q, want %q", got, before)
	}
}

func TestWriterThatStaysAwayIsRefusedAndReadersGoOn(t *testing.T) {
	t.Parallel()
	p := newAwayPair(t, nil)
	p.exec(p.a.db, raise)
	p.registered()
	p.wantHit(30 * time.Second)
	p.proxy.Cut(true)
	p.exec(p.a.db, raise)
	_, until := p.a.cache.AwayFrom()
	time.Sleep(time.Until(until) - awayLease/2 + 10*time.Millisecond)
	_, err := p.a.db.Exec(raise)
	p.wantRefused("a write when the absence is over", err)
	p.wantHit(30 * time.Second)
	if time.Now().Before(until) {
		t.Error("hits before the absence is over")
	}
}

func TestWriteThatWaitsGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	p := newAwayPair(t, nil)
	p.exec(p.a.db, raise)
	p.registered()
	before := answer(t.Context(), p.bare, allItems)
	p.proxy.Cut(true)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := p.a.db.ExecContext(ctx, raise); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got error %v, want that of the context", err)
	}
	if got := answer(t.Context(), p.bare, allItems); got != before {
		t.Errorf("got %q, want %q", got, before)
	}
}

// A write whose outcome nobody knows may take effect after its writer is back:
// then its tables are leased, as after any such write.
func TestUnknownOutcomeWithoutRedisIsLeasedOnReturn(t *testing.T) {
	t.Parallel()
	p := newAwayPair(t, nil)
	p.config.Adapter.Definite = func(error) bool { return false }
	p.a = p.handle()
	p.exec(p.a.db, raise)
	p.registered()
	p.wantHit(30 * time.Second)
	p.proxy.Cut(true)
	if _, err := p.a.db.Exec("UPDATE items SET price = price + 1 WHERE name = upper(name, name)"); err == nil {
		t.Fatal("no error")
	}
	p.proxy.Cut(false)
	back := time.Now()
	p.wantHit(30 * time.Second)
	if took := time.Since(back); took < awayLease/2 {
		t.Errorf("hits %v after the writer is back, want the lease to run out", took)
	}
}

func TestClosedCacheKeepsNobodyAway(t *testing.T) {
	t.Parallel()
	p := newAwayPair(t, nil)
	p.exec(p.a.db, raise)
	p.registered()
	p.wantHit(30 * time.Second)
	_, until := p.a.cache.AwayFrom()
	if err := p.a.cache.Close(); err != nil {
		t.Fatal(err)
	}
	for time.Now().Before(until.Add(awayAbsence / 8)) {
		if _, did := p.b.read(allItems); did != "hit" {
			t.Fatalf("%s, want hits to go on", did)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestWaitNeedsAnAbsence(t *testing.T) {
	t.Parallel()
	open := func(c redisstore.Config) cachedsql.Store {
		s, err := redisstore.Open("redis://127.0.0.1:1", c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	for _, c := range []struct {
		config cachedsql.Config
		want   string
	}{
		{cachedsql.Config{Store: open(redisstore.Config{})}, "no absence"},
		{cachedsql.Config{Store: open(redisstore.Config{Absence: 15 * time.Second})}, "less than two leases"},
		{cachedsql.Config{Store: open(redisstore.Config{Absence: time.Minute}), Lease: 5 * time.Second}, "less than two of the 3s"},
		{cachedsql.Config{Store: open(redisstore.Config{Absence: time.Minute}), Consistency: cachedsql.Bounded}, "Bounded"},
		{cachedsql.Config{Store: open(redisstore.Config{Absence: time.Minute})}, ""},
		{cachedsql.Config{}, ""},
	} {
		c.config.OnCacheDown = cachedsql.Wait
		cache, err := cachedsql.New(c.config)
		if err == nil {
			cache.Close()
		}
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("got error %v, want one with %q", err, c.want)
		}
	}
}
