package cachedsql_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

// jointStore is a store that gives the same answer to all readers who come
// together, as one does that shares lookups. Until it is told how many there
// will be, each is answered alone.
type jointStore struct {
	cachedsql.Store
	mu      sync.Mutex
	readers int                                 // who have to come; guarded by mu, as the rest
	waiting []chan cachedsql.Reading            //
	given   map[*cachedsql.SharedEntry][]byte   // what they were given, before
	entries map[*cachedsql.SharedEntry][][]byte // and now
}

func newJointStore() *jointStore {
	return &jointStore{
		Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{}),
		given: map[*cachedsql.SharedEntry][]byte{}, entries: map[*cachedsql.SharedEntry][][]byte{},
	}
}

func (s *jointStore) Space(name string) cachedsql.Space { return jointSpace{s.Store.Space(name), s} }

func (s *jointStore) expect(readers int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readers = readers
}

type jointSpace struct {
	cachedsql.Space
	store *jointStore
}

func (sp jointSpace) Read(ctx context.Context, key cachedsql.Key, tags cachedsql.TagSet, buf []byte) (cachedsql.Reading, error) {
	s := sp.store
	s.mu.Lock()
	if s.readers == 0 {
		s.mu.Unlock()
		return sp.Space.Read(ctx, key, tags, buf)
	}
	mine := make(chan cachedsql.Reading, 1)
	s.waiting = append(s.waiting, mine)
	if len(s.waiting) == s.readers {
		if err := sp.answer(ctx, key, tags); err != nil {
			s.mu.Unlock()
			return cachedsql.Reading{}, err
		}
	}
	s.mu.Unlock()
	select {
	case r := <-mine:
		return r, nil
	case <-ctx.Done():
		return cachedsql.Reading{}, ctx.Err()
	}
}

// answer answers all who wait; mu is held.
func (sp jointSpace) answer(ctx context.Context, key cachedsql.Key, tags cachedsql.TagSet) error {
	s := sp.store
	r, err := sp.Space.Read(ctx, key, tags, nil)
	if err != nil {
		return err
	}
	r.Shared = cachedsql.NewSharedEntry(s.readers)
	s.given[r.Shared] = bytes.Clone(r.Entry)
	for _, w := range s.waiting {
		s.entries[r.Shared] = append(s.entries[r.Shared], r.Entry)
		w <- r
	}
	s.waiting = nil
	return nil
}

// unchanged reports whether all entries are what they were when they were given.
func (s *jointStore) unchanged() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for shared, was := range s.given {
		for _, entry := range s.entries[shared] {
			if !bytes.Equal(entry, was) {
				return false
			}
		}
	}
	return true
}

const manyReaders = 16

// readers are a process's, of one row on a store.
func readers(t *testing.T, s *jointStore, change func(*cachedsql.Config)) (*cachedsql.Cache, *sql.DB) {
	t.Helper()
	cache, _ := cachedsqltest.New(t, cachedsqltest.Everything, func(c *cachedsql.Config) {
		c.Store, c.Namespace, c.LookupTimeout, c.Logger = s, "shop", 20*time.Second, slog.New(slog.DiscardHandler)
		c.Adapter.Variant = "the same"
		change(c)
	})
	db := cache.OpenDB(newReadyDriver(1))
	t.Cleanup(func() { db.Close() })
	newThing(benchQuery, 1).read(t, db)
	cachedsqltest.Wait(t, cache)
	return cache, db
}

// readOwn reads the row, and where it comes from the cache writes over the
// bytes in it: those of a miss are the driver's.
func readOwn(ctx context.Context, db *sql.DB, spoil bool) error {
	t := newThing(benchQuery, 1)
	rows, err := db.QueryContext(ctx, t.query, t.arg)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(t.destinations[:]...); err != nil {
			return err
		}
		if want := []byte{1, 2, 3, 4, 5, 6, 7, 0}; !bytes.Equal(t.hash, want) || t.name != "customer name 0" {
			return fmt.Errorf("got %x of %q, want %x", t.hash, t.name, want)
		}
		if spoil {
			clear(t.hash)
		}
	}
	return rows.Err()
}

func (s *jointStore) readAll(t *testing.T, spoil bool, dbs ...*sql.DB) {
	t.Helper()
	s.expect(manyReaders * len(dbs))
	defer s.expect(0)
	var done sync.WaitGroup
	for _, db := range dbs {
		for range manyReaders {
			done.Go(func() {
				if err := readOwn(t.Context(), db, spoil); err != nil {
					t.Error(err)
				}
			})
		}
	}
	done.Wait()
	if !s.unchanged() {
		t.Error("an entry that several readers were given has been changed")
	}
}

// TestReadersOfTheSameEntryGetTheirOwnValues: what one of them does with its
// rows is not seen by the others, nor by whoever is given the entry later.
func TestReadersOfTheSameEntryGetTheirOwnValues(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*cachedsql.Config){
		"as it is":      func(*cachedsql.Config) {},
		"encrypted":     func(c *cachedsql.Config) { c.EntryKeys = []cachedsql.EntryKey{entryKey(t, 1)} },
		"reused memory": func(c *cachedsql.Config) { c.Adapter.ReusesBytes = true },
		"near":          func(c *cachedsql.Config) { c.NearBytes = 1 << 20 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newJointStore()
			cache, db := readers(t, s, change)
			for range 3 {
				s.readAll(t, true, db)
			}
			if hits := cache.Stats().Hits + cache.Stats().NearHits; hits != 3*manyReaders {
				t.Errorf("%d hits, want %d", hits, 3*manyReaders)
			}
		})
	}
}

// TestSharedEntryIsJudgedByEachCacheWithItsOwnKeys: two caches on one store
// may be given the same entry, and one of them must refuse it.
func TestSharedEntryIsJudgedByEachCacheWithItsOwnKeys(t *testing.T) {
	t.Parallel()
	protected := func(key byte, p cachedsql.EntryProtection) func(*cachedsql.Config) {
		return func(c *cachedsql.Config) {
			c.EntryKeys, c.EntryProtection = []cachedsql.EntryKey{entryKey(t, key)}, p
		}
	}
	for name, other := range map[string]func(*cachedsql.Config){
		"without":  func(*cachedsql.Config) {},
		"with its": protected(2, cachedsql.Encrypt),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newJointStore()
			refusing, his := readers(t, s, other)
			serving, ours := readers(t, s, protected(1, cachedsql.Encrypt))
			newThing(benchQuery, 1).read(t, ours)
			cachedsqltest.Wait(t, serving)
			before := refusing.Stats().Hits
			s.readAll(t, false, his, ours)
			if got := serving.Stats().Hits; got < manyReaders {
				t.Errorf("the cache with the key: %d hits, want %d", got, manyReaders)
			}
			if got := refusing.Stats(); got.Hits != before || got.Unauthentic < manyReaders {
				t.Errorf("the cache %s: %d hits, %d refused, want all of %d refused", name, got.Hits-before, got.Unauthentic, manyReaders)
			}
		})
	}
}
