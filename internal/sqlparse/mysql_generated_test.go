package sqlparse

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// Forms with a place for an expression (E), a query (Q) or a table reference
// (T). A generated statement names a new table at each leaf, so a table that
// some reader drops shows.
var (
	mysqlExprForms = []string{
		"(Q)", "a", "1", "'x'", "?", "-E", "NOT E", "(E + E)", "(E AND E)", "(E OR E)", "(E XOR E)", "E IS NULL", "E IS NOT TRUE",
		"(E BETWEEN E AND E)", "(E IN (E, E))", "(E IN (Q))", "(E NOT IN (Q))", "EXISTS (Q)", "(E = ANY (Q))", "(E > ALL (Q))",
		"(E LIKE E)", "(E LIKE E ESCAPE '!')", "(E REGEXP E)", "(E SOUNDS LIKE E)", "(ROW(E, E) = (SELECT E, E FROM T))",
		"CASE E WHEN E THEN E ELSE E END", "CASE WHEN E THEN E WHEN E THEN E END", "IF(E, E, E)", "COALESCE(E, E, E)", "CAST(E AS CHAR)",
		"CONVERT(E, SIGNED)", "CONVERT(E USING utf8mb4)", "(E COLLATE utf8mb4_bin)", "BINARY E", "DATE_ADD(E, INTERVAL E DAY)",
		"(E + INTERVAL E HOUR)", "EXTRACT(YEAR FROM E)", "POSITION(E IN E)", "SUBSTRING(E FROM E FOR E)", "TRIM(LEADING E FROM E)",
		"CHAR(E, E USING utf8mb4)", "TIMESTAMPDIFF(DAY, E, E)", "WEIGHT_STRING(E AS CHAR(3))", "INTERVAL(E, E)", "INSERT(E, E, E, E)",
		"REPEAT(E, E)", "JSON_EXTRACT(E, E)", "JSON_VALUE(E, '$.a' DEFAULT 1 ON EMPTY)", "(E MEMBER OF (E))", "COUNT(DISTINCT E, E)",
		"SUM(E)", "GROUP_CONCAT(DISTINCT E ORDER BY E DESC, E SEPARATOR ',')", "JSON_OBJECTAGG(E, E)", "MOD(E, E)", "(E DIV E)", "(E <=> E)",
		"SUM(E) OVER (PARTITION BY E, E ORDER BY E DESC ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)", "LAG(E, 1, E) OVER (ORDER BY E)",
		"f(E, E)", "db.f(E)", "@v := E", "(E << E)", "~E", "!E", "TIMESTAMP(E, E)", "REGEXP_REPLACE(E, E, E)", "(E, E) IN (SELECT E, E FROM T)",
	}
	mysqlTableForms = []string{
		"t", "t", "db.t", "t AS x", "t PARTITION (p0) x FORCE INDEX (i)", "(Q) AS x", "(Q) x", "T JOIN T ON E", "T LEFT JOIN T ON E", "T RIGHT JOIN T ON E",
		"T CROSS JOIN T", "T NATURAL JOIN T", "T STRAIGHT_JOIN T ON E", "T JOIN T USING (a)", "(T, T)", "(T JOIN T ON E)",
		"T, LATERAL (Q) AS x", "T, JSON_TABLE(E, '$[*]' COLUMNS (a INT PATH '$.a')) AS x", "T LEFT JOIN (T JOIN T ON E) ON E",
	}
	mysqlQueryForms = []string{
		"SELECT E FROM T", "SELECT E, E FROM T WHERE E", "SELECT DISTINCT E AS y FROM T, T", "SELECT E FROM T GROUP BY E, E HAVING E",
		"SELECT E FROM T GROUP BY E WITH ROLLUP", "SELECT E FROM T ORDER BY E DESC, E LIMIT 1", "SELECT E FROM T WHERE E ORDER BY E LIMIT ?, ?",
		"SELECT E FROM T WINDOW w AS (PARTITION BY E ORDER BY E)", "SELECT E FROM T UNION SELECT E FROM T", "SELECT E FROM T UNION ALL SELECT E FROM T",
		"(SELECT E FROM T) UNION (SELECT E FROM T LIMIT 1) ORDER BY (Q)", "SELECT E FROM T EXCEPT SELECT E FROM T", "SELECT E FROM T INTERSECT SELECT E FROM T",
		"WITH c AS (Q) SELECT E FROM c, T WHERE E", "WITH RECURSIVE c AS (Q UNION ALL SELECT E FROM c, T) SELECT E FROM c JOIN T ON E",
		"WITH c AS (Q), d AS (SELECT E FROM c JOIN T ON E) SELECT E FROM d", "SELECT E", "TABLE t", "VALUES ROW(E, E), ROW(E, E)",
		"SELECT E FROM T FOR UPDATE", "SELECT SQL_NO_CACHE STRAIGHT_JOIN E FROM T",
	}
	mysqlWriteForms = []string{
		"INSERT INTO t Q", "INSERT INTO t (a, b) VALUES (E, E), (E, E)", "INSERT INTO t SET a = E, b = E",
		"INSERT INTO t (a) VALUES (E) ON DUPLICATE KEY UPDATE a = E, b = VALUES(b) + E", "REPLACE INTO t Q", "INSERT INTO t (a) VALUES (E) RETURNING E, E",
		"UPDATE t SET a = E WHERE E", "UPDATE t SET a = E, b = E WHERE E ORDER BY E LIMIT 1", "UPDATE T, t AS w SET w.a = E WHERE E",
		"UPDATE t SET a = E WHERE E RETURNING E",
		"DELETE FROM t WHERE E", "DELETE FROM t WHERE E ORDER BY E LIMIT 1", "DELETE FROM t WHERE E RETURNING E", "DELETE w FROM t AS w, T WHERE E",
		"DELETE FROM w USING t AS w JOIN T ON E", "WITH c AS (Q) UPDATE t AS w JOIN c ON E SET w.a = E", "WITH c AS (Q) DELETE FROM t WHERE E",
	}
)

// mysqlGenerator writes out one statement.
type mysqlGenerator struct {
	random *rand.Rand
	tables []Table
}

// expand fills the places of a form. Deep down only leaves are left.
func (g *mysqlGenerator) expand(form string, depth int) string {
	var b strings.Builder
	for i := 0; i < len(form); i++ {
		alone := (i == 0 || !isWordPart(form[i-1])) && (i+1 == len(form) || !isWordPart(form[i+1]))
		switch {
		case alone && form[i] == 'E':
			b.WriteString(g.pick(mysqlExprForms, depth, "a"))
		case alone && form[i] == 'Q':
			b.WriteString(g.pick(mysqlQueryForms, depth, "SELECT a FROM t"))
		case alone && form[i] == 'T':
			b.WriteString(g.pick(mysqlTableForms, depth, "t"))
		case alone && form[i] == 't':
			b.WriteString(g.table(strings.HasSuffix(form[:i], "db.")))
		default:
			b.WriteByte(form[i])
		}
	}
	return b.String()
}

func (g *mysqlGenerator) pick(forms []string, depth int, leaf string) string {
	if depth <= 0 {
		return g.expand(leaf, 0)
	}
	return g.expand(forms[g.random.IntN(len(forms))], depth-1)
}

func (g *mysqlGenerator) table(qualified bool) string {
	t := Table{Name: fmt.Sprintf("t%d", len(g.tables))}
	if qualified {
		t.Schema = "db"
	}
	g.tables = append(g.tables, t)
	return t.Name
}

func TestMySQLGeneratedStatementsLoseNoTable(t *testing.T) {
	t.Parallel()
	const statements = 4000
	random := rand.New(rand.NewPCG(1, 2))
	understood := 0
	for i := range statements {
		g := &mysqlGenerator{random: random}
		forms := mysqlQueryForms
		if i%3 == 0 {
			forms = mysqlWriteForms
		}
		text := g.pick(forms, 2+random.IntN(3), "")
		st := Parse(MySQL, text)
		if st.Kind == Unknown || st.Reason == reason.Unparsed {
			continue
		}
		understood++
		if isWrite := i%3 == 0; isWrite != (st.Kind == Write) {
			t.Errorf("%s: kind %v", text, st.Kind)
		}
		for _, table := range g.tables {
			if !slices.Contains(st.Reads, table) && !slices.Contains(st.Writes, table) {
				t.Errorf("%s: %v is in neither reads %v nor writes %v", text, table, st.Reads, st.Writes)
			}
		}
	}
	if understood < statements*3/4 {
		t.Errorf("understood %d of %d statements", understood, statements)
	}
	t.Logf("understood %d of %d statements", understood, statements)
}
