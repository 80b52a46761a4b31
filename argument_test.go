package cachedsql_test

import (
	"database/sql"
	"database/sql/driver"
	"runtime"
	"strings"
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

// turning is an argument that says something else from the moment the driver
// asks, unless it is steady.
type turning struct {
	id     *int64
	steady bool
}

func (v turning) Value() (driver.Value, error) {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	for f, more := frames.Next(); more && !v.steady; f, more = frames.Next() {
		if strings.HasPrefix(f.Function, "github.com/jackc/pgx/") || strings.HasPrefix(f.Function, "github.com/go-sql-driver/") {
			*v.id = 2
		}
	}
	return *v.id, nil
}

// An argument decides under which key a result is stored, and which row is
// written to: as the driver sends it, and not as it was before.
func TestArgumentThatChangesUntilItIsSentLeavesNoWrongResult(t *testing.T) {
	inPairs(t, func(p *pair) {
		read, write := "SELECT name FROM items WHERE id = $1", "UPDATE items SET name = 'sofa' WHERE id = $1"
		if p.dialect == cachedsql.MySQL {
			read, write = strings.ReplaceAll(read, "$1", "?"), strings.ReplaceAll(write, "$1", "?")
		}
		compare := func() {
			p.Helper()
			lamp, chair := answer(p.Context(), p.bare, read, 1), answer(p.Context(), p.bare, read, 2)
			for range 3 {
				one, other := int64(1), int64(1)
				if got, did := p.b.read(read, turning{id: &one}); got != chair && (did != "hit" || got != lamp) { // a hit sends nothing
					p.Errorf("what becomes 2: got %q (%s), want %q", got, did, chair)
				}
				if got, did := p.b.read(read, turning{id: &other, steady: true}); got != lamp {
					p.Errorf("what stays 1: got %q (%s), want %q", got, did, lamp)
				}
				if got, did := p.b.read(read, 2); got != chair {
					p.Errorf("2: got %q (%s), want %q", got, did, chair)
				}
			}
		}
		compare()
		id := int64(1)
		if _, err := p.a.db.ExecContext(p.Context(), write, turning{id: &id}); err != nil {
			p.Fatal(err)
		}
		if id != 2 && p.dialect == cachedsql.Postgres {
			p.Fatal("the driver has not asked")
		}
		compare()
	})
}
