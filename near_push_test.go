package cachedsql_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

const pushRules = "version: 1\nrules:\n  - {name: all, ttl: 1h, jitter: 0, near: push}\n"

// counting counts the round trips of a client.
type counting struct{ trips atomic.Int64 }

func (c *counting) DialHook(next redis.DialHook) redis.DialHook { return next }
func (c *counting) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { c.trips.Add(1); return next(ctx, cmd) }
}

func (c *counting) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { c.trips.Add(1); return next(ctx, cmds) }
}

// countedStore is a store on a server, and how often that is asked.
func countedStore(t *testing.T, server *testredis.Server) (cachedsql.Store, *counting) {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: server.Addr, ContextTimeoutEnabled: true, MaxRetries: -1})
	t.Cleanup(func() { client.Close() })
	count := &counting{}
	client.AddHook(count)
	store, err := redisstore.New(client, redisstore.Config{Quarantine: shortLease})
	if err != nil {
		t.Fatal(err)
	}
	return store, count
}

// newPushPair is a pair with a near cache each, that Redis tells what changes.
func newPushPair(t *testing.T, rules string, change func(*cachedsql.Config)) (p *pair, trips *counting) {
	t.Helper()
	server := testredis.Start(t)
	store, trips := countedStore(t, server)
	config := cachedsql.Config{
		Store: store, Lease: shortLease, NearBytes: 1 << 20, NearBound: 2 * time.Second, LookupTimeout: time.Second, ReportInterval: -1,
	}
	if change != nil {
		change(&config)
	}
	p = newPair(t, cachedsql.SQLite, config)
	parsed, err := cachedsql.ParseRules("rules", []byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	p.a.cache.SetRules(parsed)
	p.b.cache.SetRules(parsed)
	return p, trips
}

const lampPrice = "SELECT price FROM items WHERE id = 1"

// awaitNearHits reads until hits cost no round trips.
func awaitNearHits(t *testing.T, h *handle, trips *counting) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if isFreeHit(h, trips) {
			return
		}
	}
	t.Fatalf("no near hit without a round trip:\n%s", h.rec)
}

func isFreeHit(h *handle, trips *counting) bool {
	before := trips.trips.Load()
	h.one(lampPrice)
	return h.rec.LastRead() == "near_hit" && trips.trips.Load() == before
}

func TestPushedNearHitCostsNoRoundTrip(t *testing.T) {
	t.Parallel()
	p, trips := newPushPair(t, pushRules, nil)
	awaitNearHits(t, p.a, trips)
	wantFreeHits(t, p.a, trips, 10) // heartbeats
}

// wantFreeHits reads a thousand times. Round trips are made as time passes, at
// most so many a second on a busy machine, and not as reads are.
func wantFreeHits(t *testing.T, h *handle, trips *counting, perSecond float64) {
	t.Helper()
	before, began, free := trips.trips.Load(), time.Now(), 0
	for range 1000 {
		if isFreeHit(h, trips) {
			free++
		}
	}
	made, took := trips.trips.Load()-before, time.Since(began)
	t.Logf("%d of 1000 reads without a round trip, %d round trips in all, in %v", free, made, took)
	if float64(made) > 150+perSecond*took.Seconds() {
		t.Errorf("%d round trips for 1000 reads in %v", made, took)
	}
}

func TestPushedNearHitSeesOwnWritesAtOnce(t *testing.T) {
	t.Parallel()
	for _, consistency := range []cachedsql.Consistency{cachedsql.Strict, cachedsql.Bounded} {
		t.Run(consistency.String(), func(t *testing.T) {
			t.Parallel()
			p, trips := newPushPair(t, pushRules, func(c *cachedsql.Config) { c.Consistency = consistency })
			for price := range 15 {
				awaitNearHits(t, p.a, trips)
				p.exec(p.a.db, fmt.Sprintf("UPDATE items SET price = %d WHERE id = 1", 1000+price))
				if got, want := p.a.one(lampPrice), fmt.Sprint(1000+price); got != want && consistency == cachedsql.Strict {
					t.Fatalf("got %s after the own write of %s (%s)", got, want, p.a.rec.LastRead())
				}
				// Bounded: the announcement is on its way in the background.
				p.a.await(lampPrice, fmt.Sprint(1000+price))
			}
		})
	}
}

func TestPushedNearHitSeesOthersWritesWithinTheBound(t *testing.T) {
	t.Parallel()
	p, trips := newPushPair(t, pushRules, nil)
	var late time.Duration
	for price := range 15 {
		awaitNearHits(t, p.a, trips)
		p.exec(p.b.db, fmt.Sprintf("UPDATE items SET price = %d WHERE id = 1", 2000+price))
		written := time.Now()
		began := written
		for p.a.one(lampPrice) != fmt.Sprint(2000+price) {
			if late = max(late, began.Sub(written)); late > 20*time.Second {
				t.Fatal("the write is never seen")
			}
			time.Sleep(100 * time.Microsecond)
			began = time.Now()
		}
	}
	t.Logf("not seen by reads that began %v after the commit returned", late)
	if late > 2*time.Second {
		t.Errorf("a write of another process was missed %v later", late)
	}
}

// await reads until there is what is wanted, and no longer than any bound here.
func (h *handle) await(query, want string) {
	h.Helper()
	for deadline := time.Now().Add(20 * time.Second); h.one(query) != want; time.Sleep(100 * time.Microsecond) {
		if time.Now().After(deadline) {
			h.Fatalf("%s is still %s, not %s", query, h.one(query), want)
		}
	}
}

// plainStore is a store that offers no more than it must.
type plainStore struct{ cachedsql.Store }

func (s plainStore) Space(namespace string) cachedsql.Space {
	return struct{ cachedsql.Space }{s.Store.Space(namespace)}
}

func TestStoreThatCannotFollowIsAskedAndThatIsSaidOnce(t *testing.T) {
	t.Parallel()
	p, trips := newPushPair(t, pushRules, func(c *cachedsql.Config) { c.Store = plainStore{c.Store} })
	for deadline := time.Now().Add(20 * time.Second); p.a.rec.LastRead() != "near_hit" && time.Now().Before(deadline); {
		p.a.one(lampPrice)
	}
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for range 10 {
				p.a.one(lampPrice)
			}
		})
	}
	readers.Wait()
	if isFreeHit(p.a, trips) {
		t.Error("a hit without a round trip")
	}
	if n := p.a.rec.Count(cachedsql.Note); n != 1 {
		t.Errorf("%d notes:\n%s", n, p.a.rec)
	}
}

// one returns the only value of a query's answer.
func (h *handle) one(query string) (value string) {
	h.Helper()
	if err := h.db.QueryRowContext(h.Context(), query).Scan(&value); err != nil {
		h.Fatalf("%s: %v", query, err)
	}
	return value
}
