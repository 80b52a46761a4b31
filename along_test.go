package cachedsql_test

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

// alongStore is a store that takes what is small along with the next lookup. It
// is none of this process, for all that the Cache knows.
type alongStore struct {
	cachedsql.Store
	mu     sync.Mutex
	wait   []func(stored bool) // guarded by mu
	takes  bool                // guarded by mu
	stores bool                // what it has taken; guarded by mu
	fills  int                 // that came by themselves; guarded by mu
	seen   [][]byte            // entries that were taken; guarded by mu
}

func (s *alongStore) Space(namespace string) cachedsql.Space {
	return alongSpace{s.Store.Space(namespace), s}
}

type alongSpace struct {
	cachedsql.Space
	store *alongStore
}

func (s alongSpace) Fill(ctx context.Context, key cachedsql.Key, entry []byte, ttl time.Duration) error {
	s.store.mu.Lock()
	s.store.fills++
	s.store.mu.Unlock()
	return s.Space.Fill(ctx, key, entry, ttl)
}

func (s alongSpace) FillAlong(key cachedsql.Key, ttl time.Duration, entryOf func() []byte, done func(stored bool)) bool {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	if !s.store.takes {
		return false
	}
	entry := entryOf()
	s.store.seen = append(s.store.seen, bytes.Clone(entry))
	s.store.wait = append(s.store.wait, func(stored bool) {
		if stored {
			_ = s.Space.Fill(context.Background(), key, entry, ttl)
		}
		done(stored)
	})
	return true
}

// lookup is what the next one would do.
func (s *alongStore) lookup() {
	s.mu.Lock()
	wait, stores := s.wait, s.stores
	s.wait = nil
	s.mu.Unlock()
	for _, f := range wait {
		f(stores)
	}
}

func (s *alongStore) counts() (waiting, fills int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.wait), s.fills
}

// missAlong reads a result that is not stored, of which a store takes along what
// it wants.
func missAlong(t *testing.T, store *alongStore, rules string, rows int, change func(*cachedsql.Config)) (*cachedsql.Cache, *cachedsqltest.Recorder) {
	t.Helper()
	store.Store = cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})
	cache, rec := cachedsqltest.New(t, rules, func(c *cachedsql.Config) {
		c.Store, c.Lease, c.LookupTimeout = store, shortLease, 10*time.Second
		c.Namespace, c.Adapter.Variant = databaseName(), "the same"
		if change != nil {
			change(c)
		}
	})
	db := cache.OpenDB(newReadyDriver(rows))
	t.Cleanup(func() { db.Close() })
	thing := newThing(benchQuery, rows)
	for range 1000 {
		rec.Reset()
		thing.read(t, db)
		if rec.Count(cachedsql.Miss) == 1 {
			return cache, rec
		}
		time.Sleep(time.Millisecond) // the tags are in quarantine
	}
	t.Fatal("never a miss: ", rec)
	return nil, nil
}

// TestSmallResultGoesToTheStoreAlong: nothing else is done for it, and Wait waits
// for it.
func TestSmallResultGoesToTheStoreAlong(t *testing.T) {
	t.Parallel()
	store := &alongStore{takes: true, stores: true}
	cache, rec := missAlong(t, store, cachedsqltest.Everything, 1, nil)
	if waiting, fills := store.counts(); waiting != 1 || fills != 0 {
		t.Fatalf("%d results wait, %d came by themselves, want 1 and none", waiting, fills)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if cache.Wait(ctx) == nil {
		t.Error("nothing is waited for")
	}
	store.lookup()
	cachedsqltest.Wait(t, cache)
	if n := rec.Count(cachedsql.Filled); n != 1 || cache.Stats().Fills != 1 {
		t.Errorf("%d results stored by the events, %d by the statistics, want 1", n, cache.Stats().Fills)
	}
	if _, fills := store.counts(); fills != 0 {
		t.Errorf("%d came by themselves", fills)
	}
}

// TestSlowHookDoesNotHoldUpLookups: it is not called where others wait behind the
// lookup that a result went with, and what waits for it is bounded all the same.
func TestSlowHookDoesNotHoldUpLookups(t *testing.T) {
	t.Parallel()
	const reads, workers, limit = 20, 4, 2
	for _, stores := range []bool{true, false} {
		store, open := &alongStore{takes: true, stores: stores}, make(chan struct{})
		cache, rec := missAlong(t, store, cachedsqltest.Everything, 1, func(c *cachedsql.Config) {
			c.FillQueue = limit
			c.OnEvent = func(e cachedsql.Event) {
				if e.Outcome == cachedsql.Filled || e.Outcome == cachedsql.NotFilled {
					<-open
				}
			}
		})
		db := cache.OpenDB(newReadyDriver(1))
		defer db.Close()
		var reading sync.WaitGroup
		var passed atomic.Int64 // the others are held up by the hook, about their own results
		for i := range reads {
			reading.Go(func() {
				thing := newThing(benchQuery, 1)
				thing.arg = int64(100 + i)
				thing.read(t, db)
				passed.Add(1)
			})
		}
		for passed.Load()+int64(rec.Count(cachedsql.NotFilled)) < reads {
			store.lookup()
			time.Sleep(time.Millisecond)
		}
		if n := passed.Load(); n > workers+2*limit {
			t.Errorf("%d of %d results wait for the hook, want %d at most", n, reads, workers+2*limit)
		}
		store.lookup()
		close(open)
		reading.Wait()
		cachedsqltest.Wait(t, cache)
		if n := rec.Count(cachedsql.Filled) + rec.Count(cachedsql.NotFilled); n != reads+1 {
			t.Errorf("%d times it was told what became of a result, want %d", n, reads+1)
		}
	}
}

func TestResultThatWasNotStoredAlongIsStoredByItself(t *testing.T) {
	t.Parallel()
	store := &alongStore{takes: true}
	cache, rec := missAlong(t, store, cachedsqltest.Everything, 1, nil)
	store.lookup()
	cachedsqltest.Wait(t, cache)
	if _, fills := store.counts(); fills != 1 || rec.Count(cachedsql.Filled) != 1 {
		t.Errorf("%d came by themselves, %d were stored, want 1 and 1", fills, rec.Count(cachedsql.Filled))
	}
}

func TestResultsThatDoNotGoAlong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		store *alongStore
		rules string
		rows  int
	}{
		"a store that takes none":  {&alongStore{}, cachedsqltest.Everything, 1},
		"a large one":              {&alongStore{takes: true}, cachedsqltest.Everything, 1000},
		"one that stays large":     {&alongStore{takes: true}, "version: 1\nrules:\n  - {name: all, ttl: 1h, compress: off}\n", 80},
		"one that takes long":      {&alongStore{takes: true}, "version: 1\nrules:\n  - {name: all, ttl: 1h, compress: zstd}\n", 100},
		"one that others wait for": {&alongStore{takes: true}, "version: 1\nrules:\n  - {name: all, ttl: 1h, fill_wait: 10s}\n", 1},
	} {
		cache, rec := missAlong(t, c.store, c.rules, c.rows, nil)
		cachedsqltest.Wait(t, cache)
		if len(c.store.seen) != 0 {
			t.Errorf("%s: it is made ready for nothing", name)
		}
		if waiting, fills := c.store.counts(); waiting != 0 || fills != 1 || rec.Count(cachedsql.Filled) != 1 {
			t.Errorf("%s: %d wait, %d came by themselves, %d were stored, want none, 1 and 1", name, waiting, fills, rec.Count(cachedsql.Filled))
		}
	}
}

// TestResultGoesAlongCompressed: and if it has to go by itself after all, it is not
// compressed again.
func TestResultGoesAlongCompressed(t *testing.T) {
	t.Parallel()
	store := &alongStore{takes: true}
	cache, rec := missAlong(t, store, cachedsqltest.Everything, 80, nil)
	store.lookup()
	cachedsqltest.Wait(t, cache)
	if len(store.seen) != 1 || len(store.seen[0]) > 4<<10 || rec.Count(cachedsql.Filled) != 1 {
		t.Fatalf("%d results of %d bytes taken along, %d were stored", len(store.seen), len(store.seen[0]), rec.Count(cachedsql.Filled))
	}
	for _, e := range rec.Events() {
		if e.Outcome == cachedsql.Filled && e.Bytes != int64(len(store.seen[0])) {
			t.Errorf("%d bytes are stored, %d went along", e.Bytes, len(store.seen[0]))
		}
	}
}

// TestResultGoesAlongSealed: what is taken along shows no rows either.
func TestResultGoesAlongSealed(t *testing.T) {
	t.Parallel()
	store := &alongStore{takes: true, stores: true}
	missAlong(t, store, cachedsqltest.Everything, 1, func(c *cachedsql.Config) {
		c.EntryKeys = []cachedsql.EntryKey{entryKey(t, 1)}
	})
	store.lookup()
	if len(store.seen) != 1 || bytes.Contains(store.seen[0], []byte("customer name")) {
		t.Errorf("taken along: %q", store.seen)
	}
}
