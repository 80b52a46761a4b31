package cachedsql_test

import (
	"database/sql"
	"math/rand/v2"
	"testing"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

const hitRatioRows = 200_000

// A write by primary key costs the results that depend on its row, not those of
// the table: the hit ratio stays within 2 points of what it is where the writes
// go elsewhere. Reads follow Zipf's law, as in examples/todo. Writes go to all
// rows alike: one that follows the reads has to spoil the next read of its row,
// in any cache.
func TestWritesByPrimaryKeyKeepTheHitRatioOfOtherRows(t *testing.T) {
	t.Parallel()
	if testing.Short() || raceDetector {
		t.Skip("makes 200,000 rows, in one goroutine")
	}
	elsewhere := hitRatioOfLoad(t, "UPDATE elsewhere SET version = version + 1 WHERE id = ?")
	here := hitRatioOfLoad(t, "UPDATE todos SET version = version + 1 WHERE id = ?")
	t.Logf("hit ratio: %.2f%% with writes to the table, %.2f%% with writes to another", 100*here, 100*elsewhere)
	if elsewhere < 0.3 {
		t.Errorf("hit ratio of %.2f%% without any writes to the table: too low to show anything", 100*elsewhere)
	}
	if elsewhere-here > 0.02 {
		t.Errorf("writes by primary key cost %.2f points, want at most 2", 100*(elsewhere-here))
	}
}

// hitRatioOfLoad runs 90% reads by primary key and 10% writes, and returns the
// share of hits among the reads. A query over the table sees every write.
func hitRatioOfLoad(t *testing.T, write string) float64 {
	t.Helper()
	db, _ := cachedsqltest.OpenDB(t, sqliteConnector(t), cachedsqltest.Everything)
	db.SetMaxOpenConns(1)
	for _, name := range []string{"todos", "elsewhere"} {
		runOn(t, db, "CREATE TABLE "+name+" (id INTEGER PRIMARY KEY, title TEXT, version INTEGER)")
		runOn(t, db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "+
			"INSERT INTO "+name+" SELECT i, 'todo ' || i, 0 FROM n", hitRatioRows)
	}
	runOn(t, db, "PRAGMA synchronous = OFF")
	random := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(random, 1.1, 1, hitRatioRows-1)
	cache, _ := cachedsql.FromDB(db)
	before, reads, writes := cache.Stats().Hits, 0, 0
	for range 60_000 {
		if random.IntN(10) == 0 {
			runOn(t, db, write, 1+random.IntN(hitRatioRows))
			writes++
			continue
		}
		var title string
		if err := db.QueryRow("SELECT title FROM todos WHERE id = ?", 1+zipf.Uint64()).Scan(&title); err != nil {
			t.Fatal(err)
		}
		reads++
	}
	ratio := float64(cache.Stats().Hits-before) / float64(reads)
	for range 3 { // each but the first would be a hit, were it not for the write
		runOn(t, db, write, 7)
		writes++
		var n int
		if err := db.QueryRow("SELECT (SELECT sum(version) FROM todos) + (SELECT sum(version) FROM elsewhere)").Scan(&n); err != nil || n != writes {
			t.Errorf("a query over the table sees %d writes (%v), want %d", n, err, writes)
		}
	}
	return ratio
}

func runOn(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}
