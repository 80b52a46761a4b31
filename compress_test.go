package cachedsql_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

// weighed notes the size of the last entry that was stored.
type weighed struct {
	cachedsql.Store
	last *atomic.Int64
}

func (s weighed) Space(namespace string) cachedsql.Space {
	return weighedSpace{s.Store.Space(namespace), s.last}
}

type weighedSpace struct {
	cachedsql.Space
	last *atomic.Int64
}

func (s weighedSpace) Fill(ctx context.Context, key cachedsql.Key, entry []byte, ttl time.Duration) error {
	s.last.Store(int64(len(entry)))
	return s.Space.Fill(ctx, key, entry, ttl)
}

const manyItems = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) " +
	"SELECT n.i, items.name || ' number ' || n.i || ' of the shop' AS name FROM n JOIN items ON items.id = 1"

// TestLargeResultsAreCompressedInTheStore: what a caller gets is the same.
func TestLargeResultsAreCompressedInTheStore(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	sizes := map[string]int64{}
	for _, how := range []string{"off", "s2", "zstd"} {
		store, err := redisstore.Open(server.URL(), redisstore.Config{Quarantine: shortLease, KeyPrefix: how})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		last := &atomic.Int64{}
		p := newPair(t, cachedsql.SQLite, cachedsql.Config{Store: weighed{store, last}, Lease: shortLease, LookupTimeout: time.Second})
		for _, h := range []*handle{p.a, p.b} {
			h.cache.SetRules(mustParse(t, "version: 1\nrules:\n  - {name: all, ttl: 1h, compress: "+how+"}\n"))
		}
		want := answer(t.Context(), p.bare, manyItems)
		for deadline := time.Now().Add(20 * time.Second); p.b.rec.LastRead() != "hit"; {
			for _, h := range []*handle{p.a, p.b} {
				if got := answer(t.Context(), h.db, manyItems); got != want {
					t.Fatalf("%s, a %s: got %.100s, want %.100s", how, h.rec.LastRead(), got, want)
				}
				_ = h.cache.Wait(t.Context())
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: no hit:\n%s", how, p.b.rec)
			}
		}
		sizes[how] = last.Load()
		p.exec(p.a.db, "UPDATE items SET price = 3")
		for last.Load() == sizes[how] { // a small one is stored as it is
			p.a.one(lampPrice)
			_ = p.a.cache.Wait(t.Context())
		}
		if n := last.Load(); n > 200 {
			t.Errorf("%s: one number takes %d bytes", how, n)
		}
	}
	t.Logf("bytes stored: %v", sizes)
	if sizes["s2"] > sizes["off"]*3/4 || sizes["zstd"] >= sizes["s2"] {
		t.Errorf("stored are %v bytes", sizes)
	}
}

func TestCompressionOfARule(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"s2", "off", "zstd"} {
		if got := mustParse(t, strings.Replace(cachedsqltest.Everything, "ttl:", "compress: "+how+", ttl:", 1)).List()[0].Compress.String(); got != how {
			t.Errorf("got %s, want %s", got, how)
		}
	}
	_, err := cachedsql.ParseRules("r", []byte("version: 1\nrules:\n  - {name: a, ttl: 1m, compress: zst}\n"))
	if err == nil || !strings.Contains(err.Error(), `did you mean "zstd"`) {
		t.Errorf("got %v", err)
	}
}
