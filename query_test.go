package cachedsql_test

import (
	"context"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

func TestReadIsAnsweredFromTheCacheUntilItsTableIsWritten(t *testing.T) {
	inShops(t, cachedsqltest.Everything, func(s *shop) {
		s.wantPrice(1, 40, "miss")
		s.wantPrice(1, 40, "hit")
		s.wantPrice(2, 90, "miss")
		s.exec("UPDATE items SET price = 45 WHERE id = 1")
		s.wantPrice(1, 45, "miss")
		s.wantPrice(1, 45, "hit")
		s.exec("INSERT INTO other VALUES (1, 1)")
		s.wantPrice(1, 45, "hit")
	})
}

func TestRolledBackWriteInvalidatesNothing(t *testing.T) {
	inShops(t, cachedsqltest.Everything, func(s *shop) {
		s.wantPrice(1, 40, "miss")
		tx, err := s.db.Begin()
		if err != nil {
			s.Fatal(err)
		}
		if _, err := tx.Exec("UPDATE items SET price = 1"); err != nil {
			s.Fatal(err)
		}
		var p int
		if err := tx.QueryRow(s.sql("SELECT price FROM items WHERE id = ?"), 1).Scan(&p); err != nil || p != 1 {
			s.Errorf("in the transaction: got %d, %v, want its own write", p, err)
		}
		if did := s.rec.LastRead(); did != "bypass in_transaction" {
			s.Errorf("in the transaction: got %s", did)
		}
		s.wantPrice(1, 40, "hit")
		if err := tx.Rollback(); err != nil {
			s.Fatal(err)
		}
		s.wantPrice(1, 40, "hit")
	})
}

func TestCommitInvalidatesWrittenTables(t *testing.T) {
	inShops(t, cachedsqltest.Everything, func(s *shop) {
		s.wantPrice(1, 40, "miss")
		tx, err := s.db.Begin()
		if err != nil {
			s.Fatal(err)
		}
		if _, err := tx.Exec("UPDATE items SET price = 41 WHERE id = 1"); err != nil {
			s.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			s.Fatal(err)
		}
		s.wantPrice(1, 41, "miss")
	})
}

func TestWriteThroughQueryInvalidatesWhenItsRowsAreClosed(t *testing.T) {
	inShops(t, cachedsqltest.Everything, func(s *shop) {
		if s.dialect == cachedsql.MySQL && vendorOf(s.T, s.db) == oracle {
			s.Skip("MySQL has no RETURNING")
		}
		s.wantItems(2, "miss")
		var id int
		if err := s.db.QueryRow("INSERT INTO items VALUES (3, 'sofa', 50) RETURNING id").Scan(&id); err != nil {
			s.Fatal(err)
		}
		s.wantItems(3, "miss")
		s.wantItems(3, "hit")
	})
}

func TestPreparedStatementIsCachedToo(t *testing.T) {
	inShops(t, cachedsqltest.Everything, func(s *shop) {
		stmt, err := s.db.Prepare(s.sql("SELECT price FROM items WHERE id = ?"))
		if err != nil {
			s.Fatal(err)
		}
		defer stmt.Close()
		for _, want := range []string{"miss", "hit", "hit"} {
			var p int
			if err := stmt.QueryRow(2).Scan(&p); err != nil || p != 90 {
				s.Fatalf("got %d, %v", p, err)
			}
			if did := s.rec.LastRead(); did != want {
				s.Errorf("got %s, want %s", did, want)
			}
		}
	})
}

func TestPartialReadIsNotStored(t *testing.T) {
	inShops(t, cachedsqltest.Everything, func(s *shop) {
		for range 2 {
			rows, err := s.db.Query("SELECT id FROM items ORDER BY id")
			if err != nil {
				s.Fatal(err)
			}
			rows.Next()
			if err := rows.Close(); err != nil {
				s.Fatal(err)
			}
			if did := s.rec.LastRead(); did != "miss" {
				s.Errorf("got %s, want miss", did)
			}
		}
		if n := s.rec.Count(cachedsql.NotFilled); n != 2 {
			s.Errorf("not_filled %d times, want 2", n)
		}
	})
}

func TestEmptyResultIsCachedAndEndsWithAnInsert(t *testing.T) {
	inShops(t, cachedsqltest.Everything, func(s *shop) {
		count := func() (n int) {
			rows, err := s.db.Query("SELECT id FROM items WHERE id = 77")
			if err != nil {
				s.Fatal(err)
			}
			defer rows.Close()
			for rows.Next() {
				n++
			}
			return n
		}
		for _, want := range []string{"miss", "hit"} {
			if n := count(); n != 0 || s.rec.LastRead() != want {
				s.Errorf("got %d rows (%s), want none (%s)", n, s.rec.LastRead(), want)
			}
		}
		s.exec("INSERT INTO items VALUES (77, 'x', 1)")
		if n := count(); n != 1 {
			s.Errorf("after the insert: got %d rows, want 1", n)
		}
	})
}

func TestContextWishes(t *testing.T) {
	inShops(t, "version: 1\nrules:\n  - {name: none, tables: [other], ttl: 1m}\n", func(s *shop) {
		read := func(ctx context.Context) string {
			var n int
			if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM items").Scan(&n); err != nil {
				s.Fatal(err)
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
				s.Errorf("step %d: got %s, want %s", i, got, step.want)
			}
		}
	})
}

func TestOpenRowsKeepLaterReadsOfTheConnectionOut(t *testing.T) {
	inShops(t, cachedsqltest.Everything, func(s *shop) {
		if s.dialect != cachedsql.SQLite {
			s.Skip("PostgreSQL and MySQL take a snapshot for each statement")
		}
		ctx := context.Background()
		c, err := s.db.Conn(ctx)
		if err != nil {
			s.Fatal(err)
		}
		open, err := c.QueryContext(ctx, "SELECT id, random() FROM items")
		if err != nil {
			s.Fatal(err)
		}
		open.Next() // the connection now keeps a snapshot
		s.exec("UPDATE items SET price = 41 WHERE id = 1")
		var p int
		err = c.QueryRowContext(ctx, "SELECT price FROM items WHERE id = 1").Scan(&p)
		if did := s.rec.LastRead(); err != nil || did != "bypass open_rows" {
			s.Errorf("got %s, %v", did, err)
		}
		open.Close()
		c.Close()
		s.wantPrice(1, 41, "miss")
	})
}

func TestVolatileReadSaysWhyItIsNotCached(t *testing.T) {
	inShops(t, cachedsqltest.Everything, func(s *shop) {
		clock, catalog := "now()", "information_schema.tables"
		if s.dialect == cachedsql.SQLite {
			clock, catalog = "datetime('now')", "sqlite_master"
		}
		random := "random()"
		if s.dialect == cachedsql.MySQL {
			random = "rand()"
		}
		for query, want := range map[string]string{
			"SELECT " + random + " FROM items":            "bypass volatile_function",
			"SELECT " + clock + " FROM items":             "bypass time_function",
			"SELECT 1":                                    "bypass no_table",
			"SELECT 1 FROM " + catalog:                    "bypass system_catalog",
			"/* cachedsql: bypass */ SELECT 1 FROM items": "bypass bypass_hint",
		} {
			rows, err := s.db.Query(query)
			if err != nil {
				s.Fatal(err)
			}
			rows.Close()
			if did := s.rec.LastRead(); did != want {
				s.Errorf("%s: got %s, want %s", query, did, want)
			}
		}
	})
}

func TestFromDBFindsTheCache(t *testing.T) {
	inShops(t, cachedsqltest.Everything, func(s *shop) {
		if c, ok := cachedsql.FromDB(s.db); !ok || c != s.cache {
			s.Errorf("got %v, %v", c, ok)
		}
		if _, ok := cachedsql.FromDB(s.bare); ok {
			s.Error("found a cache behind a bare handle")
		}
	})
}

func TestInvalidateAndFlushReachOtherWritersResults(t *testing.T) {
	inShops(t, cachedsqltest.Everything, func(s *shop) {
		ctx := context.Background()
		for i, end := range []func() error{
			func() error { return s.cache.Invalidate(ctx, "items") },
			func() error { return s.cache.Flush(ctx) },
		} {
			s.price(1)
			want := 100 + i
			if _, err := s.bare.Exec(s.sql("UPDATE items SET price = ? WHERE id = 1"), want); err != nil {
				s.Fatal(err)
			}
			if err := end(); err != nil {
				s.Fatal(err)
			}
			if got, _ := s.price(1); got != want {
				s.Errorf("got %d, want %d", got, want)
			}
		}
	})
}

func TestMalformedHintIsCountedAndIgnored(t *testing.T) {
	inShops(t, cachedsqltest.Everything, func(s *shop) {
		for i, text := range []string{
			"/* cachedsql: ttl=soon */ SELECT count(*) FROM items",
			"/* cachedsql: tll=1s */ SELECT count(*) FROM items",
			"/* cachedsql: */ SELECT count(*) FROM items",
		} {
			var n int
			if err := s.db.QueryRow(text).Scan(&n); err != nil || n != 2 {
				s.Fatalf("%s: got %d, %v", text, n, err)
			}
			if got := s.cache.Stats().Notes; got != int64(i+1) {
				s.Errorf("%s: %d notes, want %d", text, got, i+1)
			}
		}
		// The comments are not part of the statement: the later ones were hits.
		if hits := s.rec.Count(cachedsql.Hit); hits != 2 {
			s.Errorf("got %d hits, want 2", hits)
		}
	})
}

func TestHintSetsTheTTL(t *testing.T) {
	inShops(t, "version: 1\nrules:\n  - {name: none, tables: [other], ttl: 1m}\n", func(s *shop) {
		for _, want := range []string{"miss", "hit"} {
			var n int
			if err := s.db.QueryRow("/* cachedsql: ttl=30s */ SELECT count(*) FROM items").Scan(&n); err != nil {
				s.Fatal(err)
			}
			if did := s.rec.LastRead(); did != want {
				s.Errorf("got %s, want %s", did, want)
			}
		}
	})
}
