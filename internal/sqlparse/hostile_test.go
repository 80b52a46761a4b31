package sqlparse

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// hostile are texts made to hurt: parsers recurse, and some take quadratic
// time, on what these are made of.
var hostile = map[string]string{
	"10 MB of parentheses":       strings.Repeat("(", 10<<20),
	"closed parentheses":         "SELECT " + strings.Repeat("(", 20000) + "1" + strings.Repeat(")", 20000),
	"brackets":                   "SELECT a" + strings.Repeat("[", 100000),
	"nested selects":             strings.Repeat("SELECT (", 100000),
	"nested comments":            strings.Repeat("/*", 100000),
	"comments closed":            strings.Repeat("/* ", 10000) + strings.Repeat("*/", 10000) + "SELECT 1",
	"executable comments":        strings.Repeat("/*!", 100000),
	"NUL":                        "SELECT 1 FROM t\x00; DROP TABLE t",
	"invalid UTF-8":              "SELECT '\xff\xfe' FROM t",
	"quotes":                     strings.Repeat("'", 1<<20+1),
	"dollar tags":                strings.Repeat("$a", 1<<19),
	"dollar quote openings":      strings.Repeat("$a$ $b$ ", 8000),
	"long union":                 "SELECT 1" + strings.Repeat(" UNION SELECT 1", 4000),
	"long sum":                   "SELECT 1" + strings.Repeat("+1", 30000),
	"long concatenation of not":  "SELECT " + strings.Repeat("NOT ", 15000) + "true FROM t",
	"long chain of minus":        "SELECT " + strings.Repeat("- ", 30000) + "1 FROM t",
	"long and":                   "SELECT * FROM t WHERE a=1" + strings.Repeat(" AND a=1", 7000),
	"long case":                  "SELECT " + strings.Repeat("CASE WHEN a THEN ", 3000) + "1" + strings.Repeat(" END", 3000) + " FROM t",
	"many names":                 "FROB " + strings.Repeat("a b c ", 1<<18),
	"many different names":       "FROB " + differentNames(200000),
	"many statements":            strings.Repeat("SELECT 1;", 7000),
	"many semicolons":            strings.Repeat(";", 60000),
	"many joins":                 "SELECT * FROM a" + strings.Repeat(" JOIN b ON true", 4000),
	"many ctes":                  "WITH " + strings.Repeat("a AS (SELECT 1), ", 3000) + "b AS (SELECT 1) SELECT * FROM b",
	"many dots":                  "SELECT " + strings.Repeat("a.", 30000) + "b",
	"many casts":                 "SELECT 1" + strings.Repeat("::int", 12000),
	"nested ctes":                strings.Repeat("WITH a AS (", 190) + "SELECT 1" + strings.Repeat(") SELECT 1", 190),
	"large insert":               "INSERT INTO t (a, b) VALUES (1, 2)" + strings.Repeat(", (1, 2)", 1<<17),
	"backslashes":                "SELECT '" + strings.Repeat(`\`, 1<<20),
	"line comments":              strings.Repeat("--\n", 300000),
	"escape string continuation": "SELECT E'a'" + strings.Repeat("\n--\n'a'", 8000),
	"queries within texts":       nestedRuns(1200),
	"many queries in texts":      "SELECT 1" + strings.Repeat(", query_to_xml('SELECT 1',true,true,'')", 1500),
	"only spaces":                strings.Repeat(" ", 10<<20),
}

// nestedRuns is a query that runs one that is given as text, and so on.
func nestedRuns(n int) string {
	text := "SELECT 1"
	for i := range n {
		tag := fmt.Sprintf("$q%d$", i)
		text = "SELECT query_to_xml(" + tag + text + tag + ",true,true,'')"
	}
	return text
}

func differentNames(n int) string {
	var b strings.Builder
	for i := range n {
		for d := i; ; d /= 26 {
			b.WriteByte(byte('a' + d%26))
			if d < 26 {
				break
			}
		}
		b.WriteByte(' ')
	}
	return b.String()
}

func TestHostileTextsTakeBoundedTime(t *testing.T) {
	t.Parallel()
	for name, text := range hostile {
		for _, d := range []Dialect{Postgres, MySQL, SQLite, Generic} {
			start := time.Now()
			if Parse(d, text) == nil {
				t.Errorf("%s in %s: no statement", name, d)
			}
			// Far above what is measured (under 1 s), far below what the
			// parsers would take.
			if took := time.Since(start); took > time.Minute {
				t.Errorf("%s in %s took %s", name, d, took)
			}
		}
	}
}

func TestTextsOverALimitAreNotParsed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		want       reason.Reason
	}{
		{"too long", "SELECT * FROM users WHERE a IN (" + strings.Repeat("1,", maxText) + "1)", reason.StatementTooLarge},
		{"too deep", "SELECT " + strings.Repeat("(", 201) + "1" + strings.Repeat(")", 201), reason.StatementTooLarge},
		{"deep enough", "SELECT " + strings.Repeat("(", 200) + "1" + strings.Repeat(")", 200), reason.NoTable},
		{"NUL", "SELECT 1\x00", reason.Unparsed},
		{"invalid UTF-8", "SELECT '\xff'", reason.Unparsed},
	} {
		if got := Parse(Postgres, tc.text).Reason; got != tc.want {
			t.Errorf("%s: reason %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestLongReadWritesNothing(t *testing.T) {
	t.Parallel()
	list := strings.Repeat("1,", maxText)
	st := Parse(Postgres, "SELECT count(*) FROM users WHERE id IN ("+list+"1) AND lower(name) = 'x'")
	if st.WritesAll || len(st.Writes) > 0 || st.SessionUnknown {
		t.Errorf("a long SELECT writes %v, all %v, session %v; want nothing", st.Writes, st.WritesAll, st.SessionUnknown)
	}
	st = Parse(Postgres, "SELECT archive(id) FROM users WHERE id IN ("+list+"1)")
	if !slices.Contains(st.Writes, Table{Name: "users"}) {
		t.Errorf("a long SELECT that calls a function writes %v, want users among them", st.Writes)
	}
	st = Parse(Postgres, "INSERT INTO app.users (id) VALUES (1)"+strings.Repeat(", (1)", maxText))
	if st.WritesAll || !slices.Contains(st.Writes, Table{Schema: "app", Name: "users"}) {
		t.Errorf("a long INSERT writes %v, all %v; want app.users among them", st.Writes, st.WritesAll)
	}
}

func TestQueryInATextIsKnownOnlyWhereItStandsAsItIs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"SELECT query_to_xml('SELECT 1 @@@ 2', true, true, '')":                                                      true,
		"SELECT query_to_xml('SELECT ''a'' @@@ 2', true, true, '')":                                                  true,
		"SELECT query_to_xml($a$SELECT 'a' @@@ 2$a$, true, true, '')":                                                true,
		"SELECT query_to_xml($$SELECT 1$$, true, true, ''), 'x' FROM ts_stat('SELECT body FROM docs')":               true,
		"EXPLAIN ANALYZE SELECT query_to_xml('SELECT 1 @@@ 2', true, true, '')":                                      true,
		"SELECT table_to_xml('docs'::regclass, true, true, '')":                                                      true,
		`SELECT query_to_xml(E'SELECT 1 \100\100\100 2', true, true, '')`:                                            false,
		`SELECT query_to_xml(U&'SELECT 1 \0040\0040\0040 2', true, true, '')`:                                        false,
		`SELECT query_to_xml(U&'SELECT 1 !0040!0040!0040 2' UESCAPE '!', true, true, '')`:                            false,
		"SELECT query_to_xml('SELECT 1 @'\n'@@ 2', true, true, '')":                                                  false,
		`SELECT query_to_xml('SELECT query_to_xml(E''SELECT 1 \100\100\100 2'', true, true, '''')', true, true, '')`: false,
		`SELECT table_to_xml(E'd\157cs', true, true, '')`:                                                            false,
		nestedRuns(maxWithin):     true,
		nestedRuns(maxWithin + 1): false,
	} {
		if st := Parse(Postgres, text); st.WritesAll == want || st.SessionUnknown == want {
			t.Errorf("%s\nmay write to everything: %v, may change the session: %v; want the query known: %v", text, st.WritesAll, st.SessionUnknown, want)
		}
	}
}

func TestExecutableCommentTakesTheFallback(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"SELECT 1 /*! FROM secrets */", "SELECT 1 /*!50000 FROM secrets */", "SELECT 1 /*M! FROM secrets */",
		"/*! UPDATE secrets SET a = 1 */",
	} {
		st := Parse(MySQL, text)
		if st.Reason != reason.ExecutableComment {
			t.Errorf("reason of %q = %s, want %s", text, st.Reason, reason.ExecutableComment)
		}
		if strings.Contains(text, "UPDATE") && !st.WritesAll && !slices.Contains(st.Writes, Table{Name: "secrets"}) {
			t.Errorf("writes of %q = %v, want secrets among them", text, st.Writes)
		}
	}
	if got := Parse(Postgres, "SELECT id FROM users /*! x */").Reason; got != reason.None {
		t.Errorf("/*! in PostgreSQL is a comment, got reason %s", got)
	}
}

func TestFallbackSeesThatAnInsertIsDelayed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"INSERT /*! DELAYED */ INTO t VALUES (1)": true,
		"REPLACE DELAYED t FROB (1)":              true,
		"INSERT /*! INTO */ t VALUES (1)":         false,
		"INSERT INTO t FROB ('delayed')":          false,
	} {
		if st := Parse(MySQL, text); st.Kind != Unknown || st.Delayed != want {
			t.Errorf("%s: %s, delayed: %v; want it not parsed, and delayed: %v", text, st.Kind, st.Delayed, want)
		}
	}
}

func TestIdentifiersFindsEveryRelation(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		d    Dialect
		text string
		want []Table
	}{
		{Postgres, `FROB Users, "Odd", app.orders, db.app.items.id`, []Table{
			{Name: "users"}, {Name: "Odd"}, {Schema: "app", Name: "orders"}, {Catalog: "db", Schema: "app", Name: "items"},
		}},
		{Postgres, "FROB a.b . c", []Table{{Name: "a"}, {Schema: "a", Name: "b"}}},
		{MySQL, "FROB `Odd`.`One`, Users, 1st", []Table{{Schema: "Odd", Name: "One"}, {Name: "Users"}, {Name: "1st"}}},
		{MySQL, `UPDATE "ansi" SET`, []Table{{Name: "ansi"}}},
		{SQLite, "UPDATE [My Table] SET, 'Quoted' FROM 'Other'", []Table{{Name: "my table"}, {Name: "other"}}},
		{Generic, "FROB `a` [b] \"c\"", []Table{{Name: "a"}, {Name: "b"}, {Name: "c"}}},
	} {
		names, ok := Identifiers(tc.d, tc.text)
		if !ok && tc.d != Generic {
			t.Errorf("%q in %s cannot be lexed", tc.text, tc.d)
		}
		for _, want := range tc.want {
			if !slices.Contains(names, want) {
				t.Errorf("identifiers of %q in %s = %v, want %v among them", tc.text, tc.d, names, want)
			}
		}
	}
	for _, text := range []string{"UPDATE t SET a = 'x", `UPDATE "t`, "UPDATE t /*", `UPDATE U&"\0061" SET`} {
		if _, ok := Identifiers(Postgres, text); ok {
			t.Errorf("Identifiers(%q) is sure, want not", text)
		}
	}
}

// FuzzParse: whatever the text, Parse returns a statement that is whole.
func FuzzParse(f *testing.F) {
	for d, dir := range []string{"generic", "postgres", "mysql", "sqlite"} {
		files, err := filepath.Glob(filepath.Join("testdata", dir, "*.sql"))
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			for _, text := range strings.Split(string(data), caseMark) {
				f.Add(uint8(d), text)
			}
		}
	}
	for _, text := range hostile {
		if len(text) < 4096 {
			f.Add(uint8(2), text)
		}
	}
	f.Fuzz(func(t *testing.T, dialect uint8, text string) {
		st := Parse(Dialect(dialect%4), text)
		if st.QueryID == "" || st.Cacheable() && (st.WritesAll || len(st.Writes) > 0 || len(st.Parts) > 0) {
			t.Errorf("%q: inconsistent statement %+v", text, st)
		}
		for _, ref := range st.ReadRefs {
			if !slices.Contains(st.Reads, ref.Table) {
				t.Errorf("%q: %v in ReadRefs and not in Reads", text, ref.Table)
			}
		}
	})
}

// fiveJoins is what an ORM sends for an object with its relations.
const fiveJoins = `SELECT "t0"."id", "t0"."name", "t0"."email", "t1"."id", "t1"."title", "t2"."id", "t2"."label", ` +
	`"t3"."id", "t3"."body", "t4"."id", "t4"."kind", "t5"."id", "t5"."city" FROM "users" AS "t0" ` +
	`LEFT JOIN "profiles" AS "t1" ON "t1"."user_id" = "t0"."id" AND "t1"."deleted_at" IS NULL ` +
	`INNER JOIN "memberships" AS "t2" ON "t2"."user_id" = "t0"."id" ` +
	`LEFT JOIN "comments" AS "t3" ON "t3"."author_id" = "t0"."id" AND "t3"."visible" = TRUE ` +
	`INNER JOIN "groups" AS "t4" ON "t4"."id" = "t2"."group_id" ` +
	`LEFT JOIN "addresses" AS "t5" ON "t5"."user_id" = "t0"."id" ` +
	`WHERE "t0"."tenant_id" = $1 AND "t0"."id" IN ($2, $3, $4) AND ("t4"."kind" = $5 OR "t4"."kind" = $6) ` +
	`ORDER BY "t0"."created_at" DESC LIMIT 20 OFFSET $7`

func BenchmarkParseFiveJoins(b *testing.B) {
	if st := Parse(Postgres, fiveJoins); !st.Cacheable() || len(st.Reads) != 6 {
		b.Fatalf("not analysed: %+v", st)
	}
	b.ReportAllocs()
	for b.Loop() {
		Parse(Postgres, fiveJoins)
	}
}

func BenchmarkParsePointSelect(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Parse(Postgres, "SELECT id, name, email FROM users WHERE id = $1")
	}
}
