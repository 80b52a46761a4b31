package cachedsql_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

const (
	nearLease   = 60 * time.Millisecond
	leasedRules = "version: 1\nrules:\n  - {name: all, ttl: 1h, jitter: 0, near: leased, near_lease: 60ms}\n"
	plainRules  = "version: 1\nrules:\n  - {name: all, ttl: 1h, jitter: 0}\n"
)

func mustParse(t *testing.T, rules string) *cachedsql.Rules {
	t.Helper()
	parsed, err := cachedsql.ParseRules("rules", []byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestLeasedNearHitCostsNoRoundTrip(t *testing.T) {
	t.Parallel()
	for _, bound := range []string{"60ms", "60500us"} { // bounds are declared in whole milliseconds
		t.Run(bound, func(t *testing.T) {
			t.Parallel()
			p, trips := newPushPair(t, strings.Replace(leasedRules, "60ms", bound, 1), nil)
			awaitNearHits(t, p.a, trips)
			wantFreeHits(t, p.a, trips, 50) // now and then the tags are asked for, in the background mostly
		})
	}
}

// TestLeasedNearHitIsNeverOlderThanACommit: the next read after a write has
// returned, in whichever process, sees it.
func TestLeasedNearHitIsNeverOlderThanACommit(t *testing.T) {
	t.Parallel()
	p, trips := newPushPair(t, leasedRules, nil)
	for price := range 8 {
		awaitNearHits(t, p.a, trips)
		writer := []*handle{p.a, p.b}[price%2]
		started := time.Now()
		p.exec(writer.db, fmt.Sprintf("UPDATE items SET price = %d WHERE id = 1", 1000+price))
		if took := time.Since(started); took < nearLease {
			t.Errorf("the write took %v, and has not waited", took)
		}
		if got, want := p.a.one(lampPrice), fmt.Sprint(1000+price); got != want {
			t.Fatalf("got %s after the write of %s (%s)", got, want, p.a.rec.LastRead())
		}
	}
}

// TestWriterWithoutRulesWaitsForWhatOthersHaveLeased: it learns of the bound
// from the store.
func TestWriterWithoutRulesWaitsForWhatOthersHaveLeased(t *testing.T) {
	t.Parallel()
	p, trips := newPushPair(t, leasedRules, nil)
	p.b.cache.SetRules(nil)
	p.exec(p.b.db, "UPDATE items SET price = 7 WHERE id = 2") // it knows the catalog before the bound is declared
	awaitNearHits(t, p.a, trips)
	for price := range 5 {
		awaitNearHits(t, p.a, trips)
		started := time.Now()
		p.exec(p.b.db, fmt.Sprintf("UPDATE items SET price = %d WHERE id = 1", price))
		if took := time.Since(started); took < nearLease {
			t.Errorf("the write took %v, and has not waited", took)
		}
		if got := p.a.one(lampPrice); got != fmt.Sprint(price) {
			t.Fatalf("got %s after the write of %d (%s)", got, price, p.a.rec.LastRead())
		}
	}
}

// TestWritesToOtherTablesDoNotWait, those to the table do.
func TestWritesToOtherTablesDoNotWait(t *testing.T) {
	t.Parallel()
	rules := strings.Replace(leasedRules, "ttl:", "tables: [items], ttl:", 1)
	p, trips := newPushPair(t, rules, nil)
	awaitNearHits(t, p.a, trips)
	quick := time.Hour
	for range 30 {
		started := time.Now()
		p.exec(p.b.db, "UPDATE other SET n = n + 1")
		quick = min(quick, time.Since(started))
	}
	if quick >= nearLease {
		t.Errorf("the quickest write to another table took %v", quick)
	}
}

// TestTransactionWaitsAtCommitOnly: in a transaction nothing waits before
// COMMIT, where the transaction begins its write.
func TestTransactionWaitsAtCommitOnly(t *testing.T) {
	t.Parallel()
	p, trips := newPushPair(t, leasedRules, nil)
	awaitNearHits(t, p.a, trips)
	tx, err := p.b.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	p.exec(tx, "UPDATE items SET price = 77 WHERE id = 1")
	for range 20 {
		if got := p.a.one(lampPrice); got != "40" {
			t.Fatalf("got %s before COMMIT", got)
		}
	}
	started := time.Now()
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(started); took < nearLease {
		t.Errorf("COMMIT took %v, and has not waited", took)
	}
	if got := p.a.one(lampPrice); got != "77" {
		t.Errorf("got %s after COMMIT (%s)", got, p.a.rec.LastRead())
	}
}

// TestInvalidateReturnsWhenNobodyServesWhatWasBefore: of what another program
// has written.
func TestInvalidateReturnsWhenNobodyServesWhatWasBefore(t *testing.T) {
	t.Parallel()
	p, trips := newPushPair(t, leasedRules, nil)
	for price := range 5 {
		awaitNearHits(t, p.a, trips)
		p.exec(p.bare, fmt.Sprintf("UPDATE items SET price = %d WHERE id = 1", price))
		if err := p.b.cache.Invalidate(t.Context(), "items"); err != nil {
			t.Fatal(err)
		}
		if got := p.a.one(lampPrice); got != fmt.Sprint(price) {
			t.Fatalf("got %s after Invalidate, want %d", got, price)
		}
	}
}

// TestWriterWaitsThatCannotKnowWhatWasDeclared: the names were lost, and only
// the writer has noticed.
func TestWriterWaitsThatCannotKnowWhatWasDeclared(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string][]any{
		"Evicted": {"eval", "for _, k in ipairs(redis.call('KEYS', '*}d')) do redis.call('DEL', k) end return 1", "0"},
		"Flushed": {"flushall"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testredis.Start(t)
			store, trips := countedStore(t, server)
			p := newPair(t, cachedsql.SQLite, cachedsql.Config{
				Store: store, Lease: shortLease, NearBytes: 1 << 20, LookupTimeout: time.Second, ReportInterval: -1,
			})
			p.a.cache.SetRules(mustParse(t, leasedRules))
			for price := range 5 {
				awaitNearHits(t, p.a, trips)
				server.Do(t, harm...)
				stranger := p.handle() // knows nothing, and asks first
				p.exec(stranger.db, fmt.Sprintf("UPDATE items SET price = %d WHERE id = 1", price))
				if got := p.a.one(lampPrice); got != fmt.Sprint(price) {
					t.Fatalf("got %s after the write of %d (%s)", got, price, p.a.rec.LastRead())
				}
			}
		})
	}
}

// TestLeasedWhereItCannotBeHadAsksAndSaysSoOnce, one of each reason.
func TestLeasedWhereItCannotBeHadAsksAndSaysSoOnce(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, c *cachedsql.Config){
		"bounded":    func(_ *testing.T, c *cachedsql.Config) { c.Consistency = cachedsql.Bounded },
		"no catalog": func(_ *testing.T, c *cachedsql.Config) { c.NoCatalog = true },
		"absence": func(t *testing.T, c *cachedsql.Config) {
			store, err := redisstore.Open(testredis.Start(t).URL(), redisstore.Config{Quarantine: shortLease, Absence: 2 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { store.Close() })
			c.Store = store
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := newPushPair(t, leasedRules, func(c *cachedsql.Config) { change(t, c) })
			for deadline := time.Now().Add(20 * time.Second); p.a.rec.LastRead() != "near_hit" && time.Now().Before(deadline); {
				p.a.one(lampPrice)
			}
			for range 20 {
				p.a.one(lampPrice)
			}
			if p.a.rec.LastRead() != "near_hit" || p.a.rec.Count(cachedsql.Note) != 1 {
				t.Errorf("the last read is a %s, %d notes:\n%s", p.a.rec.LastRead(), p.a.rec.Count(cachedsql.Note), p.a.rec)
			}
			started := time.Now()
			p.exec(p.a.db, "UPDATE items SET price = 3 WHERE id = 1")
			if got := p.b.one(lampPrice); got != "3" && name != "bounded" {
				t.Errorf("got %s after the write (%v)", got, time.Since(started))
			}
		})
	}
}

func TestNearLeaseOfARule(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"near: leased":                   "100ms",
		"near: leased, near_lease: 20ms": "20ms",
		"near: leased, near_lease: 1s":   `"1s" is not between 1ms and 250ms`,
		"near: leased, near_lease: 0":    `"0" is not between`,
		"near_lease: 20ms":               "no effect where near is not leased",
		"near: push, near_lease: 20ms":   "no effect where near is not leased",
		"near: lease":                    `did you mean "leased"`,
	} {
		rules, err := cachedsql.ParseRules("r", []byte("version: 1\nrules:\n  - {name: a, ttl: 1m, "+text+"}\n"))
		got := fmt.Sprint(err)
		if err == nil {
			got = rules.List()[0].NearLease.String()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

// TestLeasedHitsOfManyProcessesAreNeverOlderThanACommit hammers: readers of all
// processes note the version that was the last to be committed when they begin,
// while writers write, Redis loses what it has, and processes come and go.
func TestLeasedHitsOfManyProcessesAreNeverOlderThanACommit(t *testing.T) {
	t.Parallel()
	for _, srv := range servers(t) {
		t.Run(srv.name, func(t *testing.T) {
			t.Parallel()
			newLeasedRace(t, srv.dialect).run(4 * time.Second)
		})
	}
}

// leasedRace is processes that race for one row.
type leasedRace struct {
	*pair
	query     string
	harm      func(context.Context) // what is done to Redis meanwhile
	enough    func() bool           // whether something has been tried
	committed atomic.Int64          // what a write has set that has returned
	hits      atomic.Int64
	writes    atomic.Int64
}

func newLeasedRace(t *testing.T, d cachedsql.Dialect) *leasedRace {
	t.Helper()
	if d == cachedsql.Postgres && os.Getenv("CACHEDSQL_TEST_POSTGRES") == "" {
		t.Skip("SKIPPED: CACHEDSQL_TEST_POSTGRES is not set")
	}
	server := testredis.Start(t)
	store, err := redisstore.Open(server.URL(), redisstore.Config{Quarantine: 2 * shortLease})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	r := newLeasedRaceOn(t, d, store)
	r.harm = func(ctx context.Context) { r.loseThings(ctx, []*testredis.Server{server}) }
	return r
}

func newLeasedRaceOn(t *testing.T, d cachedsql.Dialect, store cachedsql.Store) *leasedRace {
	t.Helper()
	r := &leasedRace{query: lampPrice}
	r.enough = func() bool { return r.hits.Load() != 0 && r.writes.Load() != 0 }
	r.pair = newPair(t, d, cachedsql.Config{
		Store: store, Lease: 2 * shortLease, NearBytes: 1 << 20, LookupTimeout: 5 * time.Second, ReportInterval: -1, OnCacheDown: cachedsql.Refuse,
	})
	return r
}

// run races for d, and where the machine is too busy for anything to happen in
// that time, until something has.
func (r *leasedRace) run(d time.Duration) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Minute)
	defer cancel()
	r.a.cache.SetRules(mustParse(r.T, leasedRules))
	r.b.cache.SetRules(mustParse(r.T, strings.Replace(leasedRules, "60ms", "20ms", 1)))
	without := r.handle()
	without.cache.SetRules(nil)
	var all sync.WaitGroup
	for _, h := range []*handle{r.a, r.b} {
		for range 3 {
			all.Go(func() { r.read(ctx, h) })
		}
	}
	all.Go(func() { r.write(ctx, []*handle{r.a, r.b, without}) })
	all.Go(func() { r.harm(ctx) })
	all.Go(func() {
		defer cancel()
		for sleepFor(ctx, d) == nil && !r.enough() {
			d = 100 * time.Millisecond
		}
	})
	all.Wait()
	r.Logf("%d near hits, %d writes", r.hits.Load(), r.writes.Load())
	if !r.enough() {
		r.Errorf("nothing was tried:\n%s", r.a.rec)
	}
}

func (r *leasedRace) read(ctx context.Context, h *handle) {
	for ctx.Err() == nil {
		before := r.committed.Load()
		var got int64
		if err := h.db.QueryRowContext(r.Context(), r.query).Scan(&got); err != nil {
			r.Errorf("read: %v", err)
			return
		}
		if got < before {
			r.Errorf("STALE: got %d, %d was committed before the read began", got, before)
			return
		}
		if h.rec.LastRead() == "near_hit" {
			r.hits.Add(1)
		}
		time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
	}
}

// write writes through one process after the other, alone: versions only grow.
func (r *leasedRace) write(ctx context.Context, through []*handle) {
	for version := int64(1000); ctx.Err() == nil; version++ {
		h := through[rand.IntN(len(through))]
		query := fmt.Sprintf("UPDATE items SET price = %d WHERE id = 1", version)
		var err error
		if rand.IntN(2) == 0 {
			_, err = h.db.ExecContext(r.Context(), query)
		} else if tx, err2 := h.db.Begin(); err2 != nil {
			err = err2
		} else if _, err = tx.ExecContext(r.Context(), query); err == nil {
			err = tx.Commit()
		}
		if isRefused(err) {
			continue
		}
		if err != nil {
			r.Errorf("write: %v", err)
			return
		}
		r.committed.Store(version)
		r.writes.Add(1)
		time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
	}
}

func sleepFor(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
