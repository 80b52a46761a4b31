package cachedsql_test

import (
	"strings"
	"testing"

	"github.com/cachedsql/cachedsql"
)

// Maintenance computes the expressions of indexes and statistics, and a function
// in them that is called IMMUTABLE may call one that writes.
func TestMaintenanceRunsTheFunctionsOfIndexesAndStatistics(t *testing.T) {
	t.Parallel()
	p := newPair(t, cachedsql.Postgres, cachedsql.Config{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})})
	p.exec(p.bare, "INSERT INTO other VALUES (1, 1)",
		"CREATE FUNCTION public.tick() RETURNS void LANGUAGE sql AS 'UPDATE public.other SET n = n + 1'",
		"CREATE FUNCTION public.lies(i integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN PERFORM public.tick(); RETURN i; END'")
	for _, expression := range []string{"CREATE INDEX lying ON items (public.lies(price))", "CREATE STATISTICS lying ON public.lies(price) FROM items"} {
		p.exec(p.bare, expression)
		p.a, p.b = p.handle(), p.handle()
		for _, s := range []string{"ANALYZE items", "VACUUM (FULL, ANALYZE) items", "CLUSTER items USING items_pkey", "REINDEX TABLE items", "REINDEX INDEX lying", "ANALYZE"} {
			if strings.Contains(expression, "STATISTICS") && !strings.Contains(s, "ANALYZE") {
				continue
			}
			p.a.warm(countOfOther)
			before := answer(t.Context(), p.bare, countOfOther)
			p.exec(p.b.db, s)
			if answer(t.Context(), p.bare, countOfOther) == before {
				t.Errorf("%s: writes nothing", s)
			}
			p.wantFresh(countOfOther)
		}
		p.exec(p.bare, "DROP "+strings.Fields(expression)[1]+" lying")
	}
}

func TestMaintenanceWithoutFunctionsInvalidatesNothing(t *testing.T) {
	t.Parallel()
	p := newPair(t, cachedsql.Postgres, cachedsql.Config{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})})
	p.exec(p.bare, "CREATE INDEX on_name ON items (lower(name))",
		"CREATE FUNCTION twice(i integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT 2 * i'", "CREATE INDEX doubled ON items (twice(price))")
	p.a.warm(allItems)
	for _, s := range []string{"ANALYZE", "VACUUM items", "REINDEX TABLE items"} {
		p.exec(p.b.db, s)
		if _, did := p.a.read(allItems); did != "hit" {
			t.Errorf("after %s: %s, want a hit", s, did)
		}
	}
}
