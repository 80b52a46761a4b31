package cachedsql_test

import (
	"database/sql"
	"testing"

	"github.com/cachedsql/cachedsql"
)

// Which argument is a parameter's decides which row's tag a read and a write
// have.
func TestNamedArgumentsAreFoundWhereverTheyStand(t *testing.T) {
	t.Parallel()
	p := newPair(t, cachedsql.SQLite, cachedsql.Config{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})})
	id, least := sql.Named("id", 1), sql.Named("least", 0)
	for where, args := range map[string][]any{
		"price > :least AND id = :id":                  {id, least},
		"price > @least AND id = $id":                  {id, least},
		"price > :least AND id IN (:id, :id)":          {id, least},
		"price > ? AND id = :id":                       {id, 2},
		"id = ?2 AND price > ?1":                       {0, 1},
		"price > ?3 AND id = ?":                        {9, 9, 0, 1},
		"price > :least AND id = ?2":                   {least, 1},
		"id = @id AND price > :least AND id < :id + 1": {least, id},
	} {
		read := "SELECT id, price FROM items WHERE " + where
		for range 2 {
			want := answer(t.Context(), p.bare, read, args...)
			for range 2 {
				if got, did := p.a.read(read, args...); got != want {
					t.Errorf("%s: got %q (%s), want %q", where, got, did, want)
				}
			}
			p.exec(p.b.db, "UPDATE items SET price = price + 1 WHERE id = 1")
		}
		p.a.warm(priceOfLamp)
		if _, err := p.b.db.ExecContext(t.Context(), "UPDATE items SET price = price + 1 WHERE "+where, args...); err != nil {
			t.Fatal(err)
		}
		p.wantFresh(priceOfLamp)
	}
}

// A row's tag costs a reader of the row less than the table's.
func TestReadByANamedArgumentDependsOnItsRowAlone(t *testing.T) {
	t.Parallel()
	p := newPair(t, cachedsql.SQLite, cachedsql.Config{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})})
	read, args := "SELECT price FROM items WHERE price > :least AND id = :id", []any{sql.Named("id", 1), sql.Named("least", 0)}
	for range 2 {
		p.a.read(read, args...)
	}
	p.exec(p.b.db, "UPDATE items SET price = price + 1 WHERE id = 2")
	if got, did := p.a.read(read, args...); did != "hit" {
		t.Errorf("after a write to another row: %q (%s), want a hit", got, did)
	}
}
