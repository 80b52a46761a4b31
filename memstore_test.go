package cachedsql_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/storetest"
)

func TestMemoryStoreConforms(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) cachedsql.Store {
		return cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})
	})
}

func TestMemoryStoreLeasesAndEntriesExpireOnTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		sp := cachedsql.NewMemoryStore(cachedsql.MemoryConfig{}).Space("db")
		tags, key := sp.Tags([]string{"users"}), cachedsql.Key{1}
		if err := sp.Fill(ctx, key, []byte("row"), 10*time.Second); err != nil {
			t.Fatal(err)
		}
		if _, err := sp.Begin(ctx, cachedsql.WriterID{1}, tags, 5*time.Second); err != nil {
			t.Fatal(err)
		}
		at := func(d time.Duration, settled, present bool) {
			t.Helper()
			time.Sleep(d)
			r, err := sp.Read(ctx, key, tags, nil)
			if err != nil || r.Settled != settled || (r.Entry != nil) != present {
				t.Errorf("settled %v, entry %q, %v; want %v, present %v", r.Settled, r.Entry, err, settled, present)
			}
		}
		at(5*time.Second, false, true)
		at(time.Millisecond, true, true)
		at(4998*time.Millisecond, true, true)
		at(time.Millisecond, true, false)
	})
}

func TestMemoryStoreIsBounded(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	ctx := context.Background()
	sp := cachedsql.NewMemoryStore(cachedsql.MemoryConfig{MaxBytes: limit}).Space("db")
	entry, tags := bytes.Repeat([]byte("x"), 1000), sp.Tags(nil)
	key := func(i int) (k cachedsql.Key) { copy(k[:], fmt.Sprint(i)); return k }
	const n = 5000
	for i := range n {
		if err := sp.Fill(ctx, key(i), entry, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	// Eviction runs beside the writes; it has some time to catch up.
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		kept := 0
		for i := range n {
			r, err := sp.Read(ctx, key(i), tags, nil)
			if err != nil {
				t.Fatal(err)
			}
			kept += len(r.Entry)
		}
		if kept > 0 && kept <= limit {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("holds %d bytes of entries, limit %d", kept, limit)
		}
	}
}

func TestSharedMemoryStoreIsOneAndStaysOpen(t *testing.T) {
	t.Parallel()
	a, b := cachedsql.SharedMemoryStore(), cachedsql.SharedMemoryStore()
	if a != b {
		t.Error("two shared stores")
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if err := b.Ping(context.Background()); err != nil {
		t.Errorf("closed for everybody: %v", err)
	}
}

func BenchmarkMemoryStoreRead(b *testing.B) {
	ctx := context.Background()
	sp := cachedsql.NewMemoryStore(cachedsql.MemoryConfig{}).Space("db")
	tags, buf := sp.Tags([]string{"a", "b", "c"}), make([]byte, 0, 2048)
	if err := sp.Fill(ctx, cachedsql.Key{}, make([]byte, 1024), time.Hour); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if r, err := sp.Read(ctx, cachedsql.Key{}, tags, buf); err != nil || !r.Settled || len(r.Entry) != 1024 {
			b.Fatal(r, err)
		}
	}
}
