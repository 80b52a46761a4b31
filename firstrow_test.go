package cachedsql_test

import (
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
)

// SQLite computes rows as they are asked for. Whoever wants one does not wait for
// the next, which may be at the end of a large table or nowhere.
func TestFirstRowDoesNotWaitForASecond(t *testing.T) {
	t.Parallel()
	p := newPair(t, cachedsql.SQLite, cachedsql.Config{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})})
	p.a.warm(allItems)
	const endless = "WITH RECURSIVE n (id) AS (SELECT id FROM items WHERE id = 1 UNION ALL SELECT id + 1 FROM n) SELECT id FROM n WHERE id = 1"
	done := make(chan error, 1)
	go func() {
		var id int
		done <- p.a.db.QueryRowContext(p.Context(), endless).Scan(&id)
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("a row that the driver has at once was not there after 20 s")
	}
}

func TestQueryRowIsCachedWhereThereIsOneRowAtMost(t *testing.T) {
	t.Parallel()
	p := newPair(t, cachedsql.SQLite, cachedsql.Config{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})})
	p.exec(p.bare, "CREATE TABLE codes (code TEXT UNIQUE, n INTEGER)", "INSERT INTO codes VALUES ('a', 1), ('b', 1)")
	p.a.warm(allItems)
	for _, tc := range []struct {
		query string
		args  []any
		did   string
	}{
		{"SELECT name FROM items WHERE id = ?", []any{1}, "hit"},
		{"SELECT i.name FROM items AS i WHERE i.id = 2 AND price > 3 ORDER BY name", nil, "hit"},
		{"SELECT n FROM codes WHERE code = 'b'", nil, "hit"},
		{"SELECT count(*) FROM items", nil, "hit"},
		{"SELECT 1 + max(price) FROM items, codes", nil, "hit"},
		{"SELECT EXISTS (SELECT 1 FROM items WHERE price > 3)", nil, "hit"},
		{"SELECT name FROM items LIMIT 1", nil, "hit"},
		{"SELECT name FROM items ORDER BY id LIMIT ?", []any{1}, "hit"},
		{"SELECT name FROM items UNION SELECT code FROM codes LIMIT 1, 1", nil, "hit"},

		{"SELECT name FROM items WHERE price = 40", nil, "miss"},
		{"SELECT name FROM items WHERE id IN (1, 9)", nil, "miss"},
		{"SELECT name FROM items, codes WHERE id = 1 AND n = 1", nil, "miss"},
		{"SELECT max(price, 1) FROM items WHERE price = 40", nil, "miss"},
		{"SELECT count(*) OVER () FROM items WHERE price = 40", nil, "miss"},
		{"SELECT count(*) FROM items GROUP BY price", nil, "miss"},
		{"SELECT (SELECT count(*) FROM codes) FROM items WHERE price = 40", nil, "miss"},
		{"SELECT name FROM items ORDER BY id LIMIT ?", []any{2}, "miss"},
	} {
		for range 3 {
			var v any
			if err := p.a.db.QueryRowContext(p.Context(), tc.query, tc.args...).Scan(&v); err != nil {
				t.Fatalf("%s: %v", tc.query, err)
			}
		}
		if did := p.a.rec.LastRead(); did != tc.did {
			t.Errorf("%s %v: the third time a %s, want a %s", tc.query, tc.args, did, tc.did)
		}
	}
}
