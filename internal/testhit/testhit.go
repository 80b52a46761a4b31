// Package testhit waits for hits, in tests on a real database.
package testhit

import (
	"database/sql"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
)

// patience is how long there may be none.
const patience = 20 * time.Second

// Read reads a number until the cache answers, and never accepts another value
// than want. The first reads may be misses, or bypasses while the catalog is
// loaded again because a test beside this one created a table.
func Read(t *testing.T, db *sql.DB, want int64, query string, args ...any) {
	t.Helper()
	cache, ok := cachedsql.FromDB(db)
	if !ok {
		t.Fatal("no cache behind the handle")
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		hits, got := cache.Stats().Hits, int64(-1)
		if err := db.QueryRowContext(t.Context(), query, args...).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Fatalf("read %d after %d was committed", got, want)
		}
		if cache.Stats().Hits > hits {
			return
		}
		if err := cache.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatalf("never a hit; stats: %+v", cache.Stats())
}
