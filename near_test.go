package cachedsql_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

// twoProcesses are two caches with a near cache each, on one store and one
// database.
func twoProcesses(t *testing.T, rules string) (a, b *sql.DB, rec *cachedsqltest.Recorder) {
	t.Helper()
	store := cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})
	inner := sqliteConnector(t)
	open := func() (*sql.DB, *cachedsqltest.Recorder) {
		cache, rec := cachedsqltest.New(t, rules, func(c *cachedsql.Config) { c.Store, c.NearBytes = store, 1<<20 })
		db := cache.OpenDB(inner)
		t.Cleanup(func() { db.Close() })
		return db, rec
	}
	a, rec = open()
	b, _ = open()
	for _, query := range []string{
		"CREATE TABLE items (id INTEGER PRIMARY KEY, name VARCHAR(100), code BLOB)",
		"INSERT INTO items VALUES (1, 'lamp', x'010203')",
	} {
		if _, err := b.Exec(query); err != nil {
			t.Fatal(err)
		}
	}
	return a, b, rec
}

func nameOf(t *testing.T, db *sql.DB) (name string) {
	t.Helper()
	if err := db.QueryRow("SELECT name FROM items WHERE id = 1").Scan(&name); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestNearHitIsNeverOlderThanAnotherProcessesWrite(t *testing.T) {
	t.Parallel()
	a, b, rec := twoProcesses(t, cachedsqltest.Everything)
	for range 3 {
		for _, want := range []string{"miss", "hit", "near_hit", "near_hit"} {
			nameOf(t, a)
			if got := rec.LastRead(); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
		if _, err := b.Exec("UPDATE items SET name = name || 's'"); err != nil {
			t.Fatal(err)
		}
	}
	if got := nameOf(t, a); got != "lampsss" {
		t.Errorf("got %q after three writes of another process", got)
	}
}

func TestWriteOfTheSameProcessEndsANearHit(t *testing.T) {
	t.Parallel()
	a, _, rec := twoProcesses(t, cachedsqltest.Everything)
	for range 3 {
		nameOf(t, a)
	}
	if _, err := a.Exec("UPDATE items SET name = 'chair'"); err != nil {
		t.Fatal(err)
	}
	if got := nameOf(t, a); got != "chair" || rec.LastRead() != "miss" {
		t.Errorf("got %q (%s)", got, rec.LastRead())
	}
}

func TestRuleKeepsResultsOutOfTheNearCache(t *testing.T) {
	t.Parallel()
	a, _, rec := twoProcesses(t, "version: 1\nrules:\n  - {name: all, ttl: 1h, near: off}\n")
	for range 4 {
		nameOf(t, a)
	}
	if n := rec.Count(cachedsql.NearHit); n != 0 {
		t.Errorf("%d near hits", n)
	}
}

func TestWhatACallerChangesIsNotSeenByOthers(t *testing.T) {
	t.Parallel()
	a, _, rec := twoProcesses(t, cachedsqltest.Everything)
	for range 5 {
		rows, err := a.Query("SELECT id, name, code FROM items")
		if err != nil {
			t.Fatal(err)
		}
		names, err := rows.Columns()
		if err != nil || strings.Join(names, " ") != "id name code" {
			t.Fatalf("columns %q, %v", names, err)
		}
		names[1] = "changed"
		rows.Next()
		var id int
		var name string
		var code sql.RawBytes
		if err := rows.Scan(&id, &name, &code); err != nil || string(code) != "\x01\x02\x03" {
			t.Fatalf("code %x, %v", code, err)
		}
		code[0] = 99
		for rows.Next() {
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := rec.LastRead(); got != "near_hit" {
		t.Errorf("the last read was a %s", got)
	}
}

func TestNearHitEndsWithTheTTL(t *testing.T) {
	t.Parallel()
	a, _, rec := twoProcesses(t, "version: 1\nrules:\n  - {name: all, ttl: 50ms, jitter: 0}\n")
	for range 3 {
		nameOf(t, a)
	}
	time.Sleep(60 * time.Millisecond)
	nameOf(t, a)
	if got := rec.LastRead(); got != "miss" {
		t.Errorf("after the TTL: got %s, want miss", got)
	}
}

func TestRefreshPassesTheNearCacheBy(t *testing.T) {
	t.Parallel()
	a, _, rec := twoProcesses(t, cachedsqltest.Everything)
	for range 3 {
		nameOf(t, a)
	}
	var name string
	ctx := cachedsql.Refresh(context.Background())
	if err := a.QueryRowContext(ctx, "SELECT name FROM items WHERE id = 1").Scan(&name); err != nil {
		t.Fatal(err)
	}
	if got := rec.LastRead(); got != "miss" {
		t.Errorf("got %s, want miss", got)
	}
}
