package redisstore_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

// TestProcessIsToldThatItSharesNothing: who puts Redis behind a driver that cannot
// be asked expects that processes share results, and would see only misses.
func TestProcessIsToldThatItSharesNothing(t *testing.T) {
	t.Parallel()
	for variant, want := range map[string]int{"": 1, "the same in each process": 0} {
		var notes []string
		cache, err := cachedsql.New(cachedsql.Config{
			Store: open(t, testredis.Start(t).URL(), redisstore.Config{}), Adapter: cachedsql.Adapter{Variant: variant}, Namespace: "echo",
			OnEvent: func(e cachedsql.Event) {
				if e.Outcome == cachedsql.Note && strings.Contains(e.Err.Error(), "no other process, shares its results") {
					notes = append(notes, e.Err.Error())
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(cache.WrapConnector(echo{}))
		db.SetMaxIdleConns(0)
		for range 3 {
			var got int
			if err := db.QueryRowContext(t.Context(), "SELECT id FROM things WHERE id = ?", 1).Scan(&got); err != nil {
				t.Fatal(err)
			}
		}
		_ = db.Close()
		if err := cache.Close(); err != nil {
			t.Fatal(err)
		}
		if len(notes) != want || want != 0 && !strings.Contains(notes[0], "Variant") {
			t.Errorf("variant %q: told %q, want %d", variant, notes, want)
		}
	}
}
