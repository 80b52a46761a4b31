package cachedsql_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

func testRedisURL(t *testing.T) string {
	t.Helper()
	if url := os.Getenv("CACHEDSQL_TEST_REDIS"); url != "" {
		return url
	}
	return testredis.Start(t).URL()
}

// processes opens n handles on one driver, each with a Cache, a store and so
// a client of its own, as as many processes would have.
func processes(t *testing.T, n int, rules string, inner *readyDriver) []*sql.DB {
	t.Helper()
	url, namespace := testRedisURL(t), databaseName()
	var dbs []*sql.DB
	for range n {
		store, err := redisstore.Open(url, redisstore.Config{Quarantine: 20 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() }) // after the cache
		cache, _ := cachedsqltest.New(t, rules, func(c *cachedsql.Config) {
			c.Store, c.Namespace = store, namespace
			c.Adapter.Variant = "the same" // nobody can ask this driver
			c.Lease, c.LookupTimeout = 20*time.Millisecond, 10*time.Second
		})
		db := cache.OpenDB(inner)
		t.Cleanup(func() { db.Close() })
		dbs = append(dbs, db)
	}
	warm(t, dbs)
	return dbs
}

// warm reads something else until its tag, and with it the namespace, is
// settled: the first reads of an unknown table are in quarantine.
func warm(t *testing.T, dbs []*sql.DB) {
	t.Helper()
	cache, _ := cachedsql.FromDB(dbs[0])
	for range 1000 {
		newThing("SELECT * FROM things WHERE id = ? AND 1 = 1", 1).read(t, dbs[0])
		if cache.Stats().Hits > 0 {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.Fatalf("the namespace does not settle: %+v", cache.Stats())
}

func TestThousandReadersInFourProcessesAskTheDatabaseOnce(t *testing.T) {
	t.Parallel()
	inner := newReadyDriver(1)
	dbs := processes(t, 4, "version: 1\nrules:\n  - {name: all, ttl: 1h, fill_wait: 10s}\n", inner)
	inner.took = 50 * time.Millisecond
	before := inner.asked.Load()
	var done sync.WaitGroup
	for i := range 1000 {
		done.Go(func() { newThing(benchQuery, 1).read(t, dbs[i%len(dbs)]) })
	}
	done.Wait()
	if got := inner.asked.Load() - before; got != 1 {
		t.Errorf("the database was asked %d times, want once", got)
	}
}

func TestClaimOfAProcessThatFailedDelaysOthersNoLongerThanTheRuleSays(t *testing.T) {
	t.Parallel()
	inner := newReadyDriver(1)
	dbs := processes(t, 2, "version: 1\nrules:\n  - {name: all, ttl: 1h, fill_wait: 50ms}\n", inner)
	broken := errors.New("broken")
	first := inner.asked.Load() + 1
	inner.before = func(_ context.Context, n int64) error {
		if n == first {
			return broken
		}
		return nil
	}
	if _, err := dbs[0].Query(benchQuery, int64(7)); !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	newThing(benchQuery, 1).read(t, dbs[1])
	if got := inner.asked.Load() - first; got != 1 {
		t.Errorf("after the failure the database was asked %d times, want once", got)
	}
}

func TestQueriesGrowWithInvalidationsNotWithReaders(t *testing.T) {
	t.Parallel()
	for _, readers := range []int{10, 80} {
		t.Run(fmt.Sprint(readers), func(t *testing.T) { queriesForInvalidations(t, readers) })
	}
}

func queriesForInvalidations(t *testing.T, readers int) {
	inner := newReadyDriver(1)
	dbs := processes(t, 2, "version: 1\nrules:\n  - {name: all, ttl: 1h, fill_wait: 1s}\n", inner)
	inner.took = 5 * time.Millisecond
	ctx, stop := context.WithCancel(t.Context())
	var done sync.WaitGroup
	for i := range readers {
		done.Go(func() {
			for ctx.Err() == nil {
				newThing(benchQuery, 1).read(t, dbs[i%2])
			}
		})
	}
	const writes = 10
	before := inner.asked.Load()
	pendingBefore := bypasses(dbs)
	for range writes {
		time.Sleep(100 * time.Millisecond)
		if _, err := dbs[0].Exec("UPDATE things SET price = 1"); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	done.Wait()
	// Reads that find a write under way share queries, too, but not for longer
	// than one takes.
	during := bypasses(dbs) - pendingBefore
	asked := inner.asked.Load() - before - during
	t.Logf("%d readers, %d invalidations: %d queries, and %d of reads that found a write under way", readers, writes, asked, during)
	if asked+during > 20*writes {
		t.Errorf("%d invalidations led to %d queries and %d during writes", writes, asked, during)
	}
}

func bypasses(dbs []*sql.DB) (n int64) {
	for _, db := range dbs {
		cache, _ := cachedsql.FromDB(db)
		n += cache.Stats().Bypasses
	}
	return n
}
