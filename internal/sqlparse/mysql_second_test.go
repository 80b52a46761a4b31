package sqlparse

import (
	"bytes"
	"log"
	"os"
	"slices"
	"testing"

	"github.com/cachedsql/cachedsql/internal/reason"
)

func readForMerge(t *testing.T, sql string) *mysqlReader {
	t.Helper()
	st := &Statement{Dialect: MySQL}
	if err := readMySQL(sql, st); err != nil {
		t.Fatal(err)
	}
	return &mysqlReader{st: st}
}

func TestMySQLTableOnlyTheSecondReaderSees(t *testing.T) {
	t.Parallel()
	missed := mysqlSecond{kind: Read, tables: []Table{{Name: "t"}, {Name: "s"}}}

	r := readForMerge(t, "SELECT * FROM t WHERE id = 1")
	r.mergeSecondReader(missed)
	if got, want := describe(r.st), "read cacheable\nreads t, s"; got != want {
		t.Errorf("read: got %q, want %q", got, want)
	}

	r = readForMerge(t, "UPDATE t SET a = 1 WHERE id = 1")
	missed.kind = Write
	r.mergeSecondReader(missed)
	if got, want := describe(r.st), "write write\nreads s\nwrites t, s"; got != want {
		t.Errorf("write: got %q, want %q", got, want)
	}
}

func TestMySQLReadersDisagreeOnKind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sql    string
		second mysqlSecond
	}{
		{"SELECT * FROM t WHERE id = 1", mysqlSecond{kind: Write, tables: []Table{{Name: "t"}}}},
		{"DELETE FROM t WHERE id = 1", mysqlSecond{kind: Read, tables: []Table{{Name: "t"}}}},
		{"SELECT * FROM t", mysqlSecond{kind: Unknown}},
	} {
		r := readForMerge(t, c.sql)
		r.mergeSecondReader(c.second)
		if r.st.Kind != Write || r.st.Reason != reason.Ambiguous {
			t.Errorf("%s: %v %v, want write ambiguous", c.sql, r.st.Kind, r.st.Reason)
		}
		if !slices.Contains(r.st.Writes, Table{Name: "t"}) {
			t.Errorf("%s: writes %v, want t among them", c.sql, r.st.Writes)
		}
	}
}

func TestMySQLSecondReader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sql    string
		kind   Kind
		tables []Table
	}{
		{"SELECT * FROM a x JOIN db.b ON 1 WHERE c IN (SELECT d FROM e)", Read, []Table{{Name: "a"}, {Schema: "db", Name: "b"}, {Name: "e"}}},
		{"SELECT a FROM t UNION SELECT a FROM s", Read, []Table{{Name: "t"}, {Name: "s"}}},
		{"SELECT 1 FROM DUAL", Read, nil},
		{"INSERT INTO t SELECT * FROM s", Write, []Table{{Name: "t"}, {Name: "s"}}},
		{"DELETE x FROM a AS x JOIN b ON x.id = b.id", Write, []Table{{Name: "a"}, {Name: "b"}}},
		{"UPDATE a, b SET a.x = 1", Write, []Table{{Name: "a"}, {Name: "b"}}},
	} {
		got, ok := readMySQLSecond(c.sql)
		if !ok || got.kind != c.kind || !slices.Equal(got.tables, c.tables) {
			t.Errorf("%s: %v %v %v, want %v %v", c.sql, got.kind, got.tables, ok, c.kind, c.tables)
		}
	}
}

// The second parser logs on DDL it half understands; nothing of that may reach
// an application's log. Not parallel: the standard logger is one for all.
func TestMySQLReadersDoNotLog(t *testing.T) {
	var out bytes.Buffer
	log.SetOutput(&out)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	for _, sql := range []string{
		"CREATE TABLE t (a INT) nonsense here", "ALTER TABLE t ADD SYSTEM VERSIONING", "CREATE VIEW v AS SELECT 1", "DROP TABLE a, b",
		"TRUNCATE t", "SHOW TABLES", "SELECT * FROM t", "CREATE TABLE t AS SELECT * FROM (SELECT",
	} {
		Parse(MySQL, sql)
	}
	if out.Len() > 0 {
		t.Errorf("logged %q", out.String())
	}
}
