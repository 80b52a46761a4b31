package cachedsql_test

import (
	"context"
	"database/sql/driver"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

// inBubble runs a test with a clock of its own, which moves only while all that
// the test has started waits. So nobody runs out of patience, and no TTL ends,
// because the machine is busy. What a test needs must be in memory.
func inBubble(t *testing.T, test func(*testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

// A program's tests may share a Cache that is there before any of them, and open
// their handles in bubbles. What is made in a bubble must not be used outside,
// where the tasks of the Cache are, and nothing that a bubble started may go on
// after it.
func TestBubblesShareACache(t *testing.T) {
	cache, rec := cachedsqltest.New(t, cachedsqltest.Everything, func(c *cachedsql.Config) {
		c.Namespace, c.Store = "bubbles", plainStore{cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})}
	})
	for bubble := range 3 {
		synctest.Test(t, func(t *testing.T) {
			db := cache.OpenDB(fakeConnector{oneRow})
			defer func() { _ = db.Close() }()
			for hits := rec.Count(cachedsql.Hit); rec.Count(cachedsql.Hit) == hits; runtime.Gosched() { // the task does not have the bubble's clock
				var n int
				if err := db.QueryRow("SELECT n FROM t WHERE bubble = ?", bubble).Scan(&n); err != nil || n != 1 {
					t.Fatal(n, err)
				}
			}
		})
	}
	cachedsqltest.Wait(t, cache) // a result is there before it is counted
	if filled := rec.Count(cachedsql.Filled); filled < 3 {
		t.Errorf("%d results were stored by tasks of the cache, in 3 bubbles", filled)
	}
}

func oneRow() driver.Conn {
	return &textConn{query: func(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
		return &fakeRows{columns: []string{"n"}, rows: [][]driver.Value{{int64(1)}}}, nil
	}}
}
