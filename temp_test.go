package cachedsql_test

import (
	"testing"

	"github.com/cachedsql/cachedsql"
)

// A function reads by a bare name what that means where it is called: a temporary
// table of one session, which nobody else has.
func TestFunctionsReadTheTemporaryTablesOfTheirCallers(t *testing.T) {
	inPairs(t, func(p *pair) {
		function, rule := "CREATE FUNCTION cheapest() RETURNS integer LANGUAGE sql STABLE AS 'SELECT min(price) FROM items'", "public.cheapest"
		if p.dialect == cachedsql.MySQL {
			function = "CREATE FUNCTION cheapest() RETURNS INTEGER READS SQL DATA DETERMINISTIC RETURN (SELECT MIN(price) FROM items)"
			rule = answer(t.Context(), p.bare, "SELECT DATABASE()")[len("DATABASE() | "):] + ".cheapest"
		}
		p.exec(p.bare, "INSERT INTO other VALUES (1, 1)", function, "CREATE VIEW lowest AS SELECT MAX(cheapest()) AS price FROM other")
		rules, err := cachedsql.ParseRules("rules", []byte("version: 1\nrules:\n  - {name: all, ttl: 1h}\nfunctions:\n  "+rule+": {volatility: stable, reads: [items]}\n"))
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range []*handle{p.a, p.b} {
			h.cache.SetRules(rules)
		}
		own := p.conn(p.b.db)
		p.exec(own, "CREATE TEMPORARY TABLE items (price INTEGER)", "INSERT INTO items VALUES (7)")
		for _, query := range []string{"SELECT MAX(cheapest()) AS price FROM other", "SELECT price FROM lowest"} {
			mine := func() string { return answer(t.Context(), own, query) }
			if got := mine(); got != "price | 7" {
				t.Errorf("%s in the session of the temporary table, first: %q", query, got)
			}
			if got, did := p.a.read(query); got != "price | 40" {
				t.Errorf("%s in another session: %q (%s)", query, got, did)
			}
			p.a.warm(query)
			if got := mine(); got != "price | 7" {
				t.Errorf("%s in the session of the temporary table, when others have it cached: %q", query, got)
			}
		}
	})
}
