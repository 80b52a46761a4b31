package cachedsql_test

import (
	"testing"

	"github.com/cachedsql/cachedsql"
)

// TestQueryInAnArgumentVoidsWhatItWrites: what it writes by the functions that it
// calls is looked up in the catalog, also through views.
func TestQueryInAnArgumentVoidsWhatItWrites(t *testing.T) {
	t.Parallel()
	p := newPair(t, cachedsql.Postgres, cachedsql.Config{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})})
	p.exec(p.bare,
		"INSERT INTO other VALUES (1, 1)",
		"CREATE TABLE docs (id int PRIMARY KEY, body tsvector)", "INSERT INTO docs VALUES (1, 'a b c')",
		"CREATE FUNCTION counts() RETURNS int LANGUAGE plpgsql AS 'BEGIN UPDATE other SET n = n + 1; RETURN 1; END'",
		"CREATE VIEW calls AS SELECT counts() AS n",
		"CREATE VIEW plain AS SELECT body FROM docs")
	p.a.cache.ReadCatalogEachTime() // what may write anything may change the schema
	const lamp = "SELECT price FROM items WHERE id = 1"
	for query, want := range map[string]struct{ lamp, other string }{
		"SELECT word, ndoc FROM ts_stat('SELECT body FROM docs')":                                      {"hit", "hit"},
		"SELECT word, ndoc FROM ts_stat($$SELECT body FROM plain$$)":                                   {"hit", "hit"},
		"SELECT table_to_xml('docs', true, false, '')":                                                 {"hit", "hit"},
		"SELECT table_to_xml('public.docs'::regclass, true, false, '')":                                {"hit", "hit"},
		"SELECT query_to_xml('SELECT id FROM docs', true, false, '')":                                  {"hit", "hit"},
		"SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, ''c''::tsquery')":                     {"hit", "hit"},
		"SELECT query_to_xml('SELECT query_to_xml(''SELECT 1'', true, false, '''')', true, false, '')": {"hit", "hit"},

		"SELECT query_to_xml('SELECT counts()', true, false, '')":                                             {"hit", "miss"},
		"SELECT query_to_xml('SELECT n FROM calls', true, false, '')":                                         {"hit", "miss"},
		"SELECT table_to_xml('calls', true, false, '')":                                                       {"hit", "miss"},
		"SELECT query_to_xml('SELECT query_to_xml(''SELECT counts()'', true, false, '''')', true, false, '')": {"hit", "miss"},

		"SELECT query_to_xml('SELECT coun' || 'ts()', true, false, '')":     {"miss", "miss"},
		"SELECT query_to_xml('SELECT 1; SELECT counts()', true, false, '')": {"miss", "miss"},
		"SELECT schema_to_xml('public', true, false, '')":                   {"miss", "miss"},
	} {
		p.a.warm(lamp)
		p.a.warm(countOfOther)
		if _, did := p.b.read(query); did != "bypass volatile_function" {
			t.Errorf("%s: %s", query, did)
		}
		_, lampDid := p.a.read(lamp)
		got, otherDid := p.a.read(countOfOther)
		if lampDid != want.lamp || otherDid != want.other {
			t.Errorf("after %s: a read of another table %s, want %s; of what it may write %s, want %s", query, lampDid, want.lamp, otherDid, want.other)
		}
		if bare := answer(t.Context(), p.bare, countOfOther); got != bare {
			t.Errorf("after %s: %q, want %q", query, got, bare)
		}
	}
}
