package cachedsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"path/filepath"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

// shop is a SQLite database with the cache in front, and a second handle on it
// without.
type shop struct {
	*testing.T
	db    *sql.DB
	bare  *sql.DB
	cache *cachedsql.Cache
	rec   *cachedsqltest.Recorder
}

func newShop(t *testing.T, rules string) *shop {
	t.Helper()
	cache, rec := cachedsqltest.New(t, rules, nil)
	path := filepath.Join(t.TempDir(), "shop.db") + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)"
	k, err := cache.WrapDriver(&sqlite.Driver{}).(interface {
		OpenConnector(string) (driver.Connector, error)
	}).OpenConnector(path)
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{T: t, db: sql.OpenDB(k), cache: cache, rec: rec}
	t.Cleanup(func() { s.db.Close() })
	s.bare, err = sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.bare.Close() })
	s.exec("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, price INTEGER)")
	s.exec("CREATE TABLE other (id INTEGER PRIMARY KEY, n INTEGER)")
	s.exec("INSERT INTO items VALUES (1, 'lamp', 40), (2, 'chair', 90)")
	return s
}

func (s *shop) exec(query string, args ...any) {
	s.Helper()
	if _, err := s.db.Exec(query, args...); err != nil {
		s.Fatalf("%s: %v", query, err)
	}
}

// price reads one value and says what the cache did.
func (s *shop) price(id int) (int, string) {
	s.Helper()
	var p int
	if err := s.db.QueryRow("SELECT price FROM items WHERE id = ?", id).Scan(&p); err != nil {
		s.Fatal(err)
	}
	return p, s.rec.LastRead()
}

func (s *shop) wantPrice(id, want int, outcome string) {
	s.Helper()
	if got, did := s.price(id); got != want || did != outcome {
		s.Errorf("price of %d: got %d (%s), want %d (%s)", id, got, did, want, outcome)
	}
}

func TestReadIsAnsweredFromTheCacheUntilItsTableIsWritten(t *testing.T) {
	t.Parallel()
	s := newShop(t, cachedsqltest.Everything)
	s.wantPrice(1, 40, "miss")
	s.wantPrice(1, 40, "hit")
	s.wantPrice(2, 90, "miss")
	s.exec("UPDATE items SET price = 45 WHERE id = 1")
	s.wantPrice(1, 45, "miss")
	s.wantPrice(1, 45, "hit")
	s.exec("INSERT INTO other VALUES (1, 1)")
	s.wantPrice(1, 45, "hit")
}

func TestRolledBackWriteInvalidatesNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t, cachedsqltest.Everything)
	s.wantPrice(1, 40, "miss")
	tx, err := s.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("UPDATE items SET price = 1"); err != nil {
		t.Fatal(err)
	}
	var p int
	if err := tx.QueryRow("SELECT price FROM items WHERE id = ?", 1).Scan(&p); err != nil || p != 1 {
		t.Errorf("in the transaction: got %d, %v, want its own write", p, err)
	}
	if did := s.rec.LastRead(); did != "bypass in_transaction" {
		t.Errorf("in the transaction: got %s", did)
	}
	s.wantPrice(1, 40, "hit")
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	s.wantPrice(1, 40, "hit")
}

func TestCommitInvalidatesWrittenTables(t *testing.T) {
	t.Parallel()
	s := newShop(t, cachedsqltest.Everything)
	s.wantPrice(1, 40, "miss")
	tx, err := s.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("UPDATE items SET price = 41 WHERE id = 1"); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	s.wantPrice(1, 41, "miss")
}

func TestWriteThroughQueryInvalidatesWhenItsRowsAreClosed(t *testing.T) {
	t.Parallel()
	s := newShop(t, cachedsqltest.Everything)
	s.wantPrice(1, 40, "miss")
	var id int
	if err := s.db.QueryRow("UPDATE items SET price = 50 WHERE id = 1 RETURNING id").Scan(&id); err != nil {
		t.Fatal(err)
	}
	s.wantPrice(1, 50, "miss")
	s.wantPrice(1, 50, "hit")
}

func TestPreparedStatementIsCachedToo(t *testing.T) {
	t.Parallel()
	s := newShop(t, cachedsqltest.Everything)
	stmt, err := s.db.Prepare("SELECT price FROM items WHERE id = ?")
	if err != nil {
		t.Fatal(err)
	}
	defer stmt.Close()
	for _, want := range []string{"miss", "hit", "hit"} {
		var p int
		if err := stmt.QueryRow(2).Scan(&p); err != nil || p != 90 {
			t.Fatalf("got %d, %v", p, err)
		}
		if did := s.rec.LastRead(); did != want {
			t.Errorf("got %s, want %s", did, want)
		}
	}
}

func TestPartialReadIsNotStored(t *testing.T) {
	t.Parallel()
	s := newShop(t, cachedsqltest.Everything)
	for range 2 {
		rows, err := s.db.Query("SELECT id FROM items ORDER BY id")
		if err != nil {
			t.Fatal(err)
		}
		rows.Next()
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		if did := s.rec.LastRead(); did != "miss" {
			t.Errorf("got %s, want miss", did)
		}
	}
	if n := s.rec.Count(cachedsql.NotFilled); n != 2 {
		t.Errorf("not_filled %d times, want 2", n)
	}
}

func TestEmptyResultIsCachedAndEndsWithAnInsert(t *testing.T) {
	t.Parallel()
	s := newShop(t, cachedsqltest.Everything)
	count := func() (n int) {
		rows, err := s.db.Query("SELECT id FROM items WHERE id = 77")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			n++
		}
		return n
	}
	for _, want := range []string{"miss", "hit"} {
		if n := count(); n != 0 || s.rec.LastRead() != want {
			t.Errorf("got %d rows (%s), want none (%s)", n, s.rec.LastRead(), want)
		}
	}
	s.exec("INSERT INTO items VALUES (77, 'x', 1)")
	if n := count(); n != 1 {
		t.Errorf("after the insert: got %d rows, want 1", n)
	}
}

func TestContextWishes(t *testing.T) {
	t.Parallel()
	s := newShop(t, "version: 1\nrules:\n  - {name: none, tables: [other], ttl: 1m}\n")
	read := func(ctx context.Context) string {
		var n int
		if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM items").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return s.rec.LastRead()
	}
	ctx := context.Background()
	for i, step := range []struct {
		ctx  context.Context
		want string
	}{
		{ctx, "bypass no_rule"},
		{cachedsql.WithTTL(ctx, time.Minute), "miss"},
		{cachedsql.WithTTL(ctx, time.Minute), "hit"},
		{cachedsql.Refresh(cachedsql.WithTTL(ctx, time.Minute)), "miss"},
		{cachedsql.Bypass(cachedsql.WithTTL(ctx, time.Minute)), "bypass bypass_context"},
	} {
		if got := read(step.ctx); got != step.want {
			t.Errorf("step %d: got %s, want %s", i, got, step.want)
		}
	}
}

func TestOpenRowsKeepLaterReadsOfTheConnectionOut(t *testing.T) {
	t.Parallel()
	s := newShop(t, cachedsqltest.Everything)
	c, err := s.db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	open, err := c.QueryContext(context.Background(), "SELECT id, random() FROM items")
	if err != nil {
		t.Fatal(err)
	}
	open.Next() // the connection now keeps a snapshot
	s.exec("UPDATE items SET price = 41 WHERE id = 1")
	var p int
	if err := c.QueryRowContext(context.Background(), "SELECT price FROM items WHERE id = 1").Scan(&p); err != nil {
		t.Fatal(err)
	}
	if did := s.rec.LastRead(); did != "bypass open_rows" {
		t.Errorf("got %s", did)
	}
	open.Close()
	if err := s.db.QueryRow("SELECT price FROM items WHERE id = 1").Scan(&p); err != nil || p != 41 {
		t.Errorf("got %d, %v, want 41", p, err)
	}
}

func TestVolatileReadSaysWhyItIsNotCached(t *testing.T) {
	t.Parallel()
	s := newShop(t, cachedsqltest.Everything)
	for query, want := range map[string]string{
		"SELECT random() FROM items":                  "bypass volatile_function",
		"SELECT datetime('now') FROM items":           "bypass time_function",
		"SELECT 1":                                    "bypass no_table",
		"SELECT name FROM sqlite_master":              "bypass system_catalog",
		"/* cachedsql: bypass */ SELECT 1 FROM items": "bypass bypass_hint",
	} {
		rows, err := s.db.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		rows.Close()
		if did := s.rec.LastRead(); did != want {
			t.Errorf("%s: got %s, want %s", query, did, want)
		}
	}
}

func TestFromDBFindsTheCache(t *testing.T) {
	t.Parallel()
	s := newShop(t, cachedsqltest.Everything)
	if c, ok := cachedsql.FromDB(s.db); !ok || c != s.cache {
		t.Errorf("got %v, %v", c, ok)
	}
	if _, ok := cachedsql.FromDB(s.bare); ok {
		t.Error("found a cache behind a bare handle")
	}
}

func TestInvalidateAndFlushReachOtherWritersResults(t *testing.T) {
	t.Parallel()
	s := newShop(t, cachedsqltest.Everything)
	ctx := context.Background()
	for i, end := range []func() error{
		func() error { return s.cache.Invalidate(ctx, "items") },
		func() error { return s.cache.Flush(ctx) },
	} {
		s.price(1)
		want := 100 + i
		if _, err := s.bare.Exec("UPDATE items SET price = ? WHERE id = 1", want); err != nil {
			t.Fatal(err)
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if got, _ := s.price(1); got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	}
}
