package cachedsql_test

import (
	"strings"
	"testing"

	"github.com/cachedsql/cachedsql"
)

// What a bare name means on a connection can change without a statement on it:
// search_path begins with "$user" by default.
func TestSchemaOfThePathThatIsMadeLaterIsSeenByEveryConnection(t *testing.T) {
	t.Parallel()
	p := newPair(t, cachedsql.Postgres, cachedsql.Config{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})})
	own := strings.TrimPrefix(answer(t.Context(), p.bare, "SELECT current_user AS u"), "u | ")
	reader, writer := p.conn(p.a.db), p.conn(p.b.db)
	wantRead := func(want string) {
		t.Helper()
		for range 3 {
			if got := answer(t.Context(), reader, priceOfLamp); got != "price | "+want {
				t.Errorf("got %q (%s), want %s", got, p.a.rec.LastRead(), want)
			}
		}
	}
	answer(t.Context(), writer, priceOfLamp)
	wantRead("40")
	p.exec(p.b.db,
		"CREATE SCHEMA "+own, "CREATE TABLE "+own+".items (LIKE public.items INCLUDING ALL)", "INSERT INTO "+own+".items VALUES (1, 'lamp', 1000)")
	wantRead("1000")
	p.exec(p.b.db, "UPDATE "+own+".items SET price = 1001")
	wantRead("1001")
	p.exec(writer, "UPDATE items SET price = 1002 WHERE id = 1")
	wantRead("1002")

	p.exec(p.b.db, "ALTER SCHEMA "+own+" RENAME TO aside")
	wantRead("40")
	p.exec(writer, "BEGIN", "UPDATE items SET price = 41 WHERE id = 1")
	p.exec(writer, "COMMIT")
	wantRead("41")
	p.exec(writer, "BEGIN")
	p.exec(p.b.db, "ALTER SCHEMA aside RENAME TO "+own)
	p.exec(writer, "UPDATE items SET price = 1003 WHERE id = 1", "COMMIT")
	wantRead("1003")
}

// A role that is called as another was is not taken for it.
func TestRoleWithTheNameOfAnotherSeesNothingOfIts(t *testing.T) {
	t.Parallel()
	for name, past := range map[string]bool{"through the driver": false, "past it": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newModest(t, cachedsql.Postgres, "GRANT SELECT ON items TO USER")
			role := strings.TrimPrefix(answer(t.Context(), m.b.db, "SELECT current_user AS u"), "u | ")
			old := m.conn(m.b.db)
			answer(t.Context(), old, lampPrice)
			by := m.a.db
			if past {
				by = m.bare
			}
			m.exec(by, "ALTER ROLE "+role+" RENAME TO "+role+"_old", "CREATE ROLE "+role+" LOGIN PASSWORD 'secret'")
			defer m.exec(m.bare, "DROP OWNED BY "+role+"_old", "DROP ROLE "+role+"_old")
			for range 2 {
				if got := answer(t.Context(), old, lampPrice); got != "price | 40" {
					t.Errorf("the old role: got %q", got)
				}
			}
			if got := answer(t.Context(), m.conn(m.b.db), lampPrice); !strings.Contains(got, "permission denied") {
				t.Errorf("the new role: got %q (%s), want the permission error", got, m.b.rec.LastRead())
			}
		})
	}
}
