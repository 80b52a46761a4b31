package cachedsql_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
)

// lapsingStore is a store in whose space leases cannot be renewed and ends
// take their time, once lapsing is set.
type lapsingStore struct {
	cachedsql.Store
	lapsing atomic.Bool
}

type lapsingSpace struct {
	cachedsql.Space
	store *lapsingStore
}

const (
	slowEnd     = 300 * time.Millisecond
	pendingRead = "bypass pending_write"
)

func (s *lapsingStore) Space(namespace string) cachedsql.Space {
	return lapsingSpace{s.Store.Space(namespace), s}
}

func (s lapsingSpace) Begin(ctx context.Context, id cachedsql.WriterID, tags cachedsql.TagSet, lease time.Duration) (cachedsql.Schema, error) {
	if s.store.lapsing.Load() {
		return "", errors.New("no route to the store")
	}
	return s.Space.Begin(ctx, id, tags, lease)
}

func (s lapsingSpace) End(ctx context.Context, id cachedsql.WriterID, tags cachedsql.TagSet) (cachedsql.Schema, error) {
	if s.store.lapsing.Load() {
		time.Sleep(slowEnd)
	}
	return s.Space.End(ctx, id, tags)
}

// A writer is cut off from the store while its statement waits for a lock, and
// its lease runs out. Whoever reads meanwhile stores what was there before; the
// statement must not return before that is dead.
func TestWriteWhoseLeaseHasRunOutReturnsAfterItsEnd(t *testing.T) {
	inPairs(t, func(p *pair) {
		store := &lapsingStore{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})}
		p.config.Store, p.config.Lease, p.config.LookupTimeout = store, 200*time.Millisecond, time.Second
		writer := p.handle()
		p.config.Store = store.Store
		reader := p.handle()
		writer.wantLamp("40")
		reader.wantLamp("40")

		lock, err := p.bare.Begin()
		if err != nil {
			t.Fatal(err)
		}
		p.exec(lock, "UPDATE items SET name = 'lamp' WHERE id = 1")
		done := make(chan error, 1)
		go func() {
			_, err := writer.db.Exec("UPDATE items SET price = 41 WHERE id = 1")
			done <- err
		}()
		for reader.rec.LastRead() != pendingRead {
			answer(t.Context(), reader.db, priceOfLamp)
		}
		store.lapsing.Store(true)
		for reader.rec.LastRead() != "hit" { // the lease has run out
			answer(t.Context(), reader.db, priceOfLamp)
		}
		if err := lock.Commit(); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		reader.wantLamp("41")
	})
}
