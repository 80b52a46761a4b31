package sqlparse

import (
	"slices"
	"strings"
	"testing"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// A literal can be a table's name where one may stand, and never in the rows of
// a VALUES: their contents must not become names.
func TestFallbackTakesLiteralsForNamesWhereTheyCanBe(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text    string
		literal bool
		names   []string
	}{
		{"INSERT INTO people VALUES (1, 'secret', 2), (3, 'secret')", false, []string{"people"}},
		{"INSERT INTO people VALUES (1, (SELECT a FROM b, 'c'), 2)", true, []string{"people", "a", "b", "c"}},
		{"INSERT INTO 'people' VALUES (1, 'secret')", true, []string{"people"}},
		{"UPDATE a, 'b' SET x = 1", true, []string{"a", "b", "x"}},
		{"UPDATE a JOIN (VALUES (1, 'secret')) v JOIN 'b'", true, []string{"a", "v", "b"}},
		{"DELETE FROM a USING (VALUES (1, 'secret')), 'b'", true, []string{"a", "b"}},
		{"INSERT INTO a VALUES (1, 'secret') ON DUPLICATE KEY UPDATE 'b' = 1", true, []string{"a", "b"}},
		{`INSERT INTO a VALUES ('\', 'b')`, true, []string{"a", "b"}}, // where the literals end is the session's to say
	} {
		for _, d := range []Dialect{SQLite, MySQL} {
			if d == MySQL && strings.Contains(c.text, `\`) {
				continue // there the first literal goes on behind the backslash
			}
			st := fallback(d, c.text, reason.Unparsed)
			var names []string
			for _, table := range st.Writes {
				names = append(names, table.Name)
			}
			for _, want := range c.names {
				if !slices.Contains(names, want) {
					t.Errorf("%v: %s: names %q lack %q", d, c.text, names, want)
				}
			}
			if slices.Contains(names, "secret") || st.LiteralNames != c.literal {
				t.Errorf("%v: %s: names %q, from literals: %v, want %v", d, c.text, names, st.LiteralNames, c.literal)
			}
		}
	}
}

func TestNamesOfAQueryThatNobodyCanParseAreKeptInATextOfSeveral(t *testing.T) {
	t.Parallel()
	st := Parse(MySQL, "SELECT n FROM v FOR SYSTEM_TIME AS OF NOW(6); SELECT 1")
	if !slices.Contains(st.Names, Table{Name: "v"}) {
		t.Errorf("names are %v, want v among them", st.Names)
	}
}

// What no parser reads may do anything to its connection, but for changes of rows
// that show no way to.
func TestOnlyPlainChangesOfRowsLeaveTheConnectionAlone(t *testing.T) {
	t.Parallel()
	const unread = " /* \x00 */" // by no parser
	for text, opaque := range map[string]bool{
		"INSERT INTO t VALUES (1, 'a@b; c')":         false,
		"UPDATE t SET n = abs(n) WHERE id IN (1, 2)": false,
		"DELETE FROM t":                                            false,
		"REPLACE INTO t SELECT * FROM u":                           false,
		"INSERT INTO t VALUES (@x := 1)":                           true,
		"INSERT INTO t SELECT n FROM u WHERE (@x := n) INTO @y":    true,
		"INSERT INTO t VALUES (f(1))":                              true,
		"INSERT INTO t VALUES (1); SET autocommit = 0":             true,
		"INSERT INTO t VALUES (1) /*! ; BEGIN */":                  true,
		"INSERT INTO t VALUES ('1":                                 true,
		"LOAD DATA INFILE 'x' INTO TABLE t SET n = 1":              true,
		"FROBNICATE t":                                             true,
		"BEGIN NOT ATOMIC DELETE FROM t; END":                      true,
		"SET STATEMENT sql_mode = '' FOR INSERT INTO t VALUES (1)": true,
		"EXECUTE IMMEDIATE 'INSERT INTO t VALUES (1)'":             true,
	} {
		st := Parse(MySQL, text+unread)
		if st.Kind != Unknown {
			t.Errorf("%s: read, as %v", text, st.Kind)
		}
		if st.Opaque() != opaque {
			t.Errorf("%s: opaque %v, want %v", text, st.Opaque(), opaque)
		}
	}
	if !Parse(Generic, "INSERT INTO t VALUES (1)"+unread).Opaque() {
		t.Error("an unknown database may read the text in another way")
	}
}
