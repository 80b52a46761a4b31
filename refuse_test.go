package cachedsql_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
)

// Without Redis only writes are refused. That a read writes nothing is then for
// the database alone to say: no catalog was read before, and none can be read
// as of a schema that the store knows.
func TestReadsAreNotRefusedForWantOfAStore(t *testing.T) {
	t.Parallel()
	for _, srv := range servers(t) {
		t.Run(srv.name, func(t *testing.T) {
			t.Parallel()
			server := testredis.Start(t)
			server.Kill()
			p := newPair(t, srv.dialect, redisConfig(t, server.URL(), func(c *cachedsql.Config) { c.OnCacheDown = cachedsql.Refuse }))
			reads := []string{"SELECT name FROM items ORDER BY id", "SELECT SUM(price) FROM items", "SELECT COUNT(*), MAX(UPPER(name)) FROM items"}
			p.wantReads(reads)
			tx, err := p.a.db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			for _, query := range reads {
				if got, want := answer(t.Context(), tx, query), answer(t.Context(), p.bare, query); got != want {
					t.Errorf("%s in a transaction: got %q, want %q", query, got, want)
				}
			}
			if err := tx.Commit(); err != nil {
				t.Errorf("a transaction that only reads: %v", err)
			}
			if _, err := p.a.db.Exec("UPDATE items SET price = price + 1"); !errors.Is(err, cachedsql.ErrCacheDown) {
				t.Errorf("a write: got %v, want ErrCacheDown", err)
			}
			p.wantWriterRefused()
		})
	}
}

// Redis may go away in the middle of a migration, while the catalog is not read
// after each step.
func TestReadsAreNotRefusedAfterAMigrationThatLostTheStore(t *testing.T) {
	t.Parallel()
	for _, srv := range servers(t) {
		t.Run(srv.name, func(t *testing.T) {
			t.Parallel()
			server := testredis.Start(t)
			p := newPair(t, srv.dialect, redisConfig(t, server.URL(), func(c *cachedsql.Config) { c.OnCacheDown = cachedsql.Refuse }))
			for i := range 30 {
				p.exec(p.a.db, fmt.Sprintf("CREATE TABLE step%d (id INTEGER)", i))
				answer(t.Context(), p.a.db, allItems)
			}
			server.Kill()
			eventually(t, "a read is answered", func() bool {
				return answer(t.Context(), p.a.db, allItems) == answer(t.Context(), p.bare, allItems)
			})
		})
	}
}

func (p *pair) wantReads(queries []string) {
	p.Helper()
	for _, query := range queries {
		if got, want := answer(p.Context(), p.a.db, query), answer(p.Context(), p.bare, query); got != want {
			p.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
}

// wantWriterRefused calls a function that writes, made just now by somebody else.
func (p *pair) wantWriterRefused() {
	p.Helper()
	switch p.dialect {
	case cachedsql.Postgres:
		p.exec(p.bare, "CREATE FUNCTION touch() RETURNS integer LANGUAGE sql AS 'UPDATE items SET price = 0 RETURNING price'")
	case cachedsql.MySQL:
		p.exec(p.bare, "CREATE FUNCTION touch() RETURNS INTEGER MODIFIES SQL DATA BEGIN UPDATE items SET price = 0; RETURN 0; END")
	default:
		return // functions are the program's
	}
	for deadline := time.Now().Add(3 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		var n int
		if err := p.a.db.QueryRow("SELECT touch()").Scan(&n); !errors.Is(err, cachedsql.ErrCacheDown) {
			p.Fatalf("a function that writes: got %v, want ErrCacheDown", err)
		}
	}
}
