package cachedsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
)

// SQLite computes rows as they are asked for. Whoever wants one does not wait for
// the next, which may be at the end of a large table or nowhere.
func TestFirstRowDoesNotWaitForASecond(t *testing.T) {
	t.Parallel()
	p := newPair(t, cachedsql.SQLite, cachedsql.Config{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})})
	const endless = "WITH RECURSIVE n (id) AS (SELECT id FROM items WHERE id = 1 UNION ALL SELECT id + 1 FROM n) SELECT id FROM n"
	p.exec(p.bare, "CREATE VIEW numbers AS "+endless, "CREATE VIEW through AS SELECT id FROM numbers")
	p.a.warm(allItems)
	for _, query := range []string{endless + " WHERE id = 1", "SELECT id FROM through WHERE id = 1"} {
		done := make(chan error, 1)
		go func() {
			var id int
			done <- p.a.db.QueryRowContext(p.Context(), query).Scan(&id)
		}()
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: a row that the driver has at once was not there after 20 s", query)
		}
	}
}

func TestQueryRowIsCached(t *testing.T) {
	t.Parallel()
	p := newPair(t, cachedsql.SQLite, cachedsql.Config{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})})
	p.a.warm(allItems)
	for query, did := range map[string]string{
		"SELECT name FROM items WHERE id = 1":                                           "hit",
		"SELECT name FROM items WHERE price = 40":                                       "hit",
		"SELECT name FROM items":                                                        "miss", // there are two
		"WITH n AS (SELECT name FROM items WHERE id = 1) SELECT name FROM n":            "hit",
		"WITH n AS (SELECT id FROM items UNION SELECT id FROM n) SELECT max(id) FROM n": "miss", // who knows whether it ends
	} {
		for range 3 {
			var v any
			if err := p.a.db.QueryRowContext(p.Context(), query).Scan(&v); err != nil {
				t.Fatalf("%s: %v", query, err)
			}
		}
		if got := p.a.rec.LastRead(); got != did {
			t.Errorf("%s: the third time a %s, want a %s", query, got, did)
		}
	}
}

// farEnd has one row at once, and takes its time to say that there is no other.
type farEnd struct{ fakeRows }

func (r *farEnd) Next(dest []driver.Value) error {
	if len(r.rows) == 0 {
		time.Sleep(time.Second)
	}
	return r.fakeRows.Next(dest)
}

func TestStatementWhoseEndIsFarIsNotLookedBehindForLong(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		k, rec := newFake(t, func() driver.Conn {
			return &textConn{query: func(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
				return &farEnd{fakeRows{columns: []string{"n"}, rows: [][]driver.Value{{int64(1)}}}}, nil
			}}
		})
		db := sql.OpenDB(k)
		defer db.Close()
		for i, want := range []time.Duration{time.Second, time.Second, time.Second, 0, 0} {
			began := time.Now()
			var n int
			if err := db.QueryRow("SELECT n FROM t WHERE a = ?", i).Scan(&n); err != nil || n != 1 {
				t.Fatal(n, err)
			}
			if took := time.Since(began); took != want {
				t.Errorf("reading %d took %v, want %v", i, took, want)
			}
		}
		if n := rec.Count(cachedsql.NotFilled); n != 2 {
			t.Errorf("%d results were not stored, want 2:\n%s", n, rec)
		}
	})
}
