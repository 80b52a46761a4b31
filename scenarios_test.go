package cachedsql_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
)

func TestTransactionThatWritesMoreThan128TablesReachesThemAll(t *testing.T) {
	inPairs(t, func(p *pair) {
		const tables = 140
		var texts []string
		for i := range tables {
			texts = append(texts, fmt.Sprintf("CREATE TABLE many%d (id INTEGER PRIMARY KEY, n INTEGER)", i), fmt.Sprintf("INSERT INTO many%d VALUES (1, 0)", i))
		}
		p.exec(p.bare, texts...)
		_ = p.a.cache.Flush(t.Context()) // the tables came past the cache
		read := func(i int) string { return fmt.Sprintf("SELECT n FROM many%d WHERE id = 1", i) }
		for i := range tables {
			p.b.warm(read(i))
		}
		tx, err := p.a.db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
		for i := range tables {
			p.exec(tx, fmt.Sprintf("UPDATE many%d SET n = 1", i))
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		for i := range tables {
			if got, did := p.b.read(read(i)); got != "n | 1" {
				t.Errorf("table %d: got %q (%s), want 1", i, got, did)
			}
		}
	})
}

// One of two transactions that wait for each other fails. Its writes are gone,
// the other's are seen.
func TestDeadlockVictimAndSurvivorLeaveTheCacheCurrent(t *testing.T) {
	inPairs(t, func(p *pair) {
		p.b.warm(allItems)
		first, second := p.conn(p.a.db), p.conn(p.a.db)
		p.exec(first, "BEGIN", "UPDATE items SET price = 51 WHERE id = 1")
		p.exec(second, "BEGIN", "UPDATE items SET price = 52 WHERE id = 2")
		var failed [2]error
		var both sync.WaitGroup
		both.Go(func() { _, failed[0] = first.ExecContext(t.Context(), "UPDATE items SET price = 53 WHERE id = 2") })
		both.Go(func() { _, failed[1] = second.ExecContext(t.Context(), "UPDATE items SET price = 54 WHERE id = 1") })
		both.Wait()
		if (failed[0] == nil) == (failed[1] == nil) {
			t.Fatalf("got errors %v and %v, want one deadlock", failed[0], failed[1])
		}
		p.b.read(allItems)
		for i, c := range []*sql.Conn{first, second} {
			end := "COMMIT"
			if failed[i] != nil {
				end = "ROLLBACK"
			}
			p.exec(c, end)
			p.wantFresh(allItems)
		}
		p.b.warm(allItems)
	})
}

func TestSerializationFailureAndItsRetryLeaveTheCacheCurrent(t *testing.T) {
	inPairs(t, func(p *pair) {
		if p.dialect != cachedsql.Postgres {
			p.Skip("MariaDB makes the second wait instead")
		}
		p.b.warm(allItems)
		for range 3 {
			tx, err := p.a.db.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelSerializable})
			if err != nil {
				t.Fatal(err)
			}
			answer(t.Context(), tx, allItems)
			p.exec(p.b.db, "UPDATE items SET price = price + 10 WHERE id = 1")
			_, err = tx.ExecContext(t.Context(), "UPDATE items SET price = price + 1 WHERE id = 1")
			if err == nil {
				t.Fatal("no serialization failure")
			}
			if err := tx.Commit(); err == nil {
				t.Error("COMMIT of a failed transaction succeeds")
			}
			p.wantFresh(allItems)
			p.exec(p.a.db, "UPDATE items SET price = price + 1 WHERE id = 1")
			p.wantFresh(allItems)
		}
	})
}

// A context that ends at any moment of a read or a write: the caller may get an
// error, nobody gets an old row.
func TestContextThatEndsAtAnyMomentLeavesTheCacheCurrent(t *testing.T) {
	inPairs(t, func(p *pair) {
		p.config.Lease = time.Second
		a, b := p.handle(), p.handle()
		for i := range 60 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*50*time.Microsecond)
			text := fmt.Sprintf("UPDATE items SET price = %d WHERE id = 1", i)
			var err error
			switch i % 3 {
			case 0:
				_, err = a.db.ExecContext(ctx, text)
			case 1:
				answer(ctx, a.db, allItems)
			default:
				err = commitIn(ctx, a.db, text)
			}
			cancel()
			if err != nil && !errors.Is(err, context.DeadlineExceeded) && !strings.Contains(err.Error(), "cancel") && !errors.Is(err, sql.ErrTxDone) {
				t.Logf("error: %v", err)
			}
			// A write whose outcome nobody knows may take effect a moment later.
			deadline := time.Now().Add(5 * time.Second)
			for _, h := range []*handle{a, b} {
				for {
					before := answer(t.Context(), p.bare, allItems)
					got, did := h.read(allItems)
					after := answer(t.Context(), p.bare, allItems)
					if got == before || got == after {
						break
					}
					if time.Now().After(deadline) || before == after {
						t.Fatalf("round %d: got %q (%s), the database says %q", i, got, did, after)
					}
				}
			}
		}
	})
}

func commitIn(ctx context.Context, db *sql.DB, text string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, text); err != nil {
		return err
	}
	return tx.Commit()
}

// Arguments that look alike have entries of their own.
func TestArgumentsThatLookAlikeHaveTheirOwnResults(t *testing.T) {
	inPairs(t, func(p *pair) {
		read := "SELECT CAST(coalesce($1, 'null') AS CHAR(40)) AS a, CAST(coalesce($2, 'null') AS CHAR(40)) AS b FROM items WHERE id = 1"
		if p.dialect == cachedsql.MySQL {
			read = strings.NewReplacer("$1", "?", "$2", "?").Replace(read)
		} else {
			read = strings.NewReplacer("$1", "$1::text", "$2", "$2::text").Replace(read)
		}
		at := time.Date(2024, 5, 6, 12, 0, 0, 0, time.UTC)
		pairs := [][2]any{
			{nil, "5"},
			{"5", nil},
			{"1", "2"},
			{"12", ""},
			{"", "12"},
			{"a, b", "c"},
			{"a", "b, c"},
			{"a\x01", "b"},
			{"a", "\x01b"},
			{"null", nil},
			{nil, "null"},
			{"A", "a"},
			{"a ", "a"},
			{"a", "a "},
			{"é", "e\u0301"},
		}
		if p.dialect == cachedsql.MySQL {
			pairs = append(pairs, [2]any{1, 2}, [2]any{1.0, 2.0}, [2]any{1.5, 2}, [2]any{true, false}, [2]any{int64(1), uint64(2)}, [2]any{[]byte("1"), []byte("2")},
				[2]any{at, at.In(time.FixedZone("x", 3600))}, [2]any{at.Add(time.Nanosecond), at}, [2]any{"2024-05-06 12:00:00", "x"})
		}
		for range 2 { // the second time from the cache
			for _, args := range pairs {
				want := answer(t.Context(), p.bare, read, args[0], args[1])
				if got, did := p.a.read(read, args[0], args[1]); got != want {
					t.Errorf("%#v: got %q (%s), want %q", args, got, did, want)
				}
			}
		}
	})
}

// A pool hands a connection on. What one goroutine has set on it must not
// decide what another gets from the cache.
func TestTenantsOnOnePoolNeverSeeEachOther(t *testing.T) {
	inPairs(t, func(p *pair) {
		if p.dialect != cachedsql.Postgres {
			p.Skip("row security is PostgreSQL's")
		}
		p.prepareForSessions()
		p.exec(p.bare,
			"CREATE TABLE notes (id INTEGER PRIMARY KEY, tenant TEXT, body TEXT)", "INSERT INTO notes VALUES (1, 'x', 'of x'), (2, 'y', 'of y')",
			"ALTER TABLE notes ENABLE ROW LEVEL SECURITY", "CREATE POLICY own ON notes USING (tenant = current_setting('app.tenant', true))",
			"GRANT SELECT ON notes TO cachedsql_test_other", "CREATE SCHEMA x", "CREATE SCHEMA y",
			"CREATE TABLE x.docs (id INTEGER PRIMARY KEY, body TEXT)", "CREATE TABLE y.docs (id INTEGER PRIMARY KEY, body TEXT)",
			"INSERT INTO x.docs VALUES (1, 'of x')", "INSERT INTO y.docs VALUES (1, 'of y')", "GRANT USAGE ON SCHEMA x, y TO cachedsql_test_other", "GRANT SELECT ON x.docs, y.docs TO cachedsql_test_other")
		_ = p.a.cache.Flush(t.Context())
		p.a.db.SetMaxOpenConns(3)
		var all sync.WaitGroup
		for worker := range 6 {
			all.Go(func() {
				for round := range 60 {
					tenant := []string{"x", "y"}[(worker+round)%2]
					if err := asTenant(t.Context(), p.a.db, tenant, round%4); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
	})
}

// asTenant takes a connection as the last one left it, makes it the tenant's in
// one of several ways, and reads.
func asTenant(ctx context.Context, db *sql.DB, tenant string, way int) error {
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	texts := [][]string{
		{"SET ROLE cachedsql_test_other", "SET app.tenant = '" + tenant + "'", "SET search_path = " + tenant},
		{"SET SESSION AUTHORIZATION cachedsql_test_other", "SELECT set_config('app.tenant', '" + tenant + "', false), set_config('search_path', '" + tenant + "', false)"},
		{"BEGIN; SET LOCAL ROLE cachedsql_test_other; SET LOCAL app.tenant = '" + tenant + "'; SET LOCAL search_path = " + tenant},
		{"RESET ALL", "SET ROLE cachedsql_test_other; SET app.tenant TO '" + tenant + "'; SET search_path TO " + tenant},
	}[way]
	for _, text := range texts {
		if _, err := c.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	for range 2 {
		if got, want := answer(ctx, c, "SELECT body FROM docs WHERE id = 1"), "body | of "+tenant; got != want {
			return fmt.Errorf("way %d: docs of %s: got %q", way, tenant, got)
		}
		if got, want := answer(ctx, c, "SELECT body FROM public.notes ORDER BY id"), "body | of "+tenant; got != want {
			return fmt.Errorf("way %d: notes of %s: got %q", way, tenant, got)
		}
	}
	end := "RESET ROLE"
	switch way {
	case 1:
		end = "RESET SESSION AUTHORIZATION"
	case 2:
		end = "COMMIT"
	}
	_, err = c.ExecContext(ctx, end)
	return err
}
