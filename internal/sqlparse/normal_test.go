package sqlparse

import (
	"regexp"
	"testing"
)

func TestQueryIDIgnoresWhatDoesNotChangeThePlan(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		d     Dialect
		texts []string
		want  string // the normal form
	}{
		{"literals", Postgres, []string{
			"SELECT * FROM t WHERE a = 1", "SELECT * FROM t WHERE a = 'x'", "select * from t where a = $1",
			"SELECT * FROM t WHERE a = -5", "SELECT * FROM t WHERE a=1.5e3", "SELECT * FROM t WHERE a = $q$x$q$",
			"SELECT * FROM t WHERE a=-5", "SELECT * FROM T WHERE A = E'\\''",
		}, "select * from t where a = ?"},
		{"length of IN", Postgres, []string{
			"SELECT * FROM t WHERE a IN (1)", "SELECT * FROM t WHERE a IN (1, 2, 3)", "SELECT * FROM t WHERE a IN ($1,$2)",
		}, "select * from t where a in (?)"},
		{"length of IN of rows", Postgres, []string{
			"SELECT * FROM t WHERE (a, b) IN ((1, 2))", "SELECT * FROM t WHERE (a, b) IN ((1, 2), (3, 4))",
		}, "select * from t where (a, b) in ((?, ?))"},
		{"length of an array", Postgres, []string{
			"SELECT * FROM t WHERE a = ANY (ARRAY[1, 2])", "SELECT * FROM t WHERE a = ANY (ARRAY[1, 2, 3])",
		}, "select * from t where a = any (array [?])"},
		{"length of VALUES", Postgres, []string{
			"INSERT INTO t (a, b) VALUES (1, 'x')", "INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y'), ($1, $2)",
		}, "insert into t (a, b) values (?, ?)"},
		{"space, comments and trailing semicolon", Postgres, []string{
			"SELECT a,b FROM t", "select a , b\n\tfrom t ;", "/* x */ SELECT a, b -- c\nFROM t",
		}, "select a, b from t"},
		{"rows of MySQL with upsert", MySQL, []string{
			"INSERT INTO t (a) VALUES (?), (?) ON DUPLICATE KEY UPDATE a = VALUES(a), b = VALUES(b)",
			"insert into t (a) values (?) on duplicate key update a = values(a), b = values(b)",
		}, "insert into t (a) values (?) on duplicate key update a = values (a), b = values (b)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, text := range tc.texts {
				st := Parse(tc.d, text)
				if st.Normal != tc.want {
					t.Errorf("normal form of %q = %q, want %q", text, st.Normal, tc.want)
				}
				if want := queryID(tc.want); st.QueryID != want {
					t.Errorf("query ID of %q = %s, want %s", text, st.QueryID, want)
				}
			}
		})
	}
}

func TestQueryIDTellsStatementsApart(t *testing.T) {
	t.Parallel()
	seen := make(map[string]string)
	for _, text := range []string{
		"SELECT * FROM t WHERE a = 1", "SELECT * FROM s WHERE a = 1", "SELECT * FROM app.t WHERE a = 1",
		"SELECT * FROM \"T\" WHERE a = 1", "SELECT * FROM t WHERE a > 1", "SELECT * FROM t WHERE b = 1",
		"SELECT a FROM t WHERE a = 1", "SELECT * FROM t WHERE a = 1 LIMIT 1", "SELECT f(1) FROM t",
		"SELECT f(1, 2) FROM t", "SELECT * FROM t WHERE a IN (1, b)", "SELECT * FROM t WHERE a NOT IN (1)",
		"SELECT * FROM t WHERE a - 1 = 2", "SELECT * FROM t WHERE a + 1 = 2", "DELETE FROM t WHERE a = 1",
		"INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1, 2)", "INSERT INTO t VALUES (1), (DEFAULT)",
		"SELECT * FROM t WHERE a IN (SELECT b FROM s)", "SELECT 1, 2", "SELECT 1",
	} {
		id := Parse(Postgres, text).QueryID
		if other, taken := seen[id]; taken {
			t.Errorf("%q and %q share the query ID %s", text, other, id)
		}
		seen[id] = text
	}
}

func TestQueryIDKeepsTheCaseOfMySQLTables(t *testing.T) {
	t.Parallel()
	a, b := Parse(MySQL, "SELECT * FROM Users"), Parse(MySQL, "select * from users")
	if a.QueryID == b.QueryID {
		t.Errorf("Users and users share the query ID %s", a.QueryID)
	}
}

func TestQueryIDIsSixteenHexDigits(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"SELECT 1", "", "'", "\x00", "SELECT '" + string(make([]byte, maxText)) + "'"} {
		for _, d := range []Dialect{Generic, Postgres, MySQL, SQLite} {
			if id := Parse(d, text).QueryID; !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(id) {
				t.Errorf("query ID of a text of %d bytes in %s = %q", len(text), d, id)
			}
		}
	}
}

func TestTextKeepsLiteralsAndDropsComments(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		d          Dialect
		text, want string
	}{
		{Postgres, " SELECT  'a  b', 1 ; ", "SELECT  'a  b', 1"},
		{Postgres, "/* t */ SELECT '/* s */' /* u */", "SELECT '/* s */'"},
		{Postgres, "SELECT/**/1", "SELECT 1"},
		{Postgres, "SELECT 1 -- x\n, 2", "SELECT 1  \n, 2"},
		{Postgres, "SELECT 1 /* cachedsql: ttl=1s */ FROM t", "SELECT 1   FROM t"},
		{MySQL, "SELECT 1 # x\n, 2", "SELECT 1  \n, 2"},
		{MySQL, "SELECT /*+ NO_INDEX(t) */ a FROM t", "SELECT   a FROM t"},
		{Generic, " SELECT 5--3\n", "SELECT 5--3"},
		{SQLite, "SELECT [a--b] FROM t --c", "SELECT [a--b] FROM t"},
	} {
		if got := Parse(tc.d, tc.text).Text; got != tc.want {
			t.Errorf("text of %q in %s = %q, want %q", tc.text, tc.d, got, tc.want)
		}
	}
}
