package sqlparse

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// hostileMySQL are texts that make a recursive or backtracking parser suffer,
// all within the limits of Parse.
func hostileMySQL() map[string]string {
	deep := func(open, middle, closing string, n int) string {
		return strings.Repeat(open, n) + middle + strings.Repeat(closing, n)
	}
	fill := func(s string) string { return strings.Repeat(s, (maxText-200)/len(s)) }
	const nest = maxNesting - 2
	return map[string]string{
		"parentheses":        "SELECT " + deep("(", "1", ")", nest) + " FROM t",
		"query parentheses":  deep("(", "SELECT * FROM t", ")", nest),
		"from parentheses":   "SELECT * FROM " + deep("(", "t", ")", nest),
		"join parentheses":   "SELECT * FROM " + deep("(t JOIN ", "t", ")", nest),
		"derived tables":     "SELECT * FROM " + deep("(SELECT * FROM ", "t", ") x", nest),
		"subqueries":         "SELECT " + deep("(SELECT ", "1", ")", nest) + " FROM t",
		"row or subquery":    "SELECT * FROM t WHERE " + deep("((a), ", "1", ")", nest/2) + " IN (1)",
		"in subqueries":      "SELECT * FROM t WHERE a IN " + deep("(SELECT a FROM t WHERE a IN ", "(1)", ")", nest-1),
		"exists":             "SELECT * FROM t WHERE " + deep("EXISTS (SELECT 1 FROM t WHERE ", "1", ")", nest),
		"calls":              "SELECT " + deep("f(", "1", ")", nest) + " FROM t",
		"casts":              "SELECT " + deep("CAST(", "1", " AS CHAR)", nest) + " FROM t",
		"cases":              "SELECT " + deep("CASE WHEN ", "1", " THEN 1 END ", 1500) + " FROM t",
		"unions":             "SELECT 1 FROM t" + fill(" UNION SELECT 1 FROM t"),
		"nested unions":      deep("(SELECT 1 UNION ", "SELECT 2", ")", nest),
		"minus signs":        "SELECT " + fill("- ") + "1 FROM t",
		"nots":               "SELECT * FROM t WHERE " + fill("NOT ") + "1",
		"additions":          "SELECT 1" + fill("+1") + " FROM t",
		"conjuncts":          "SELECT * FROM t WHERE a = 1" + fill(" AND a = 1"),
		"alternatives":       "SELECT * FROM t WHERE a = 1" + fill(" OR a = 1"),
		"tables":             "SELECT * FROM t" + fill(",t"),
		"joins and columns":  "SELECT * FROM t" + strings.Repeat(" JOIN t x", 3000) + " WHERE 1" + strings.Repeat(" AND x.a=1", 3000),
		"distinct tables":    "SELECT * FROM t" + distinct(10000, ",t%d"),
		"distinct functions": "SELECT 1" + distinct(7000, ",f%d()") + " FROM t",
		"using joins":        "SELECT * FROM t" + fill(" JOIN t USING (a)"),
		"columns":            "SELECT a" + fill(",a") + " FROM t",
		"values":             "INSERT INTO t (a) VALUES (1)" + fill(",(1)"),
		"rows of a query":    "VALUES (1)" + fill(",(1)"),
		"parameters":         "SELECT * FROM t WHERE a IN (?" + fill(",?") + ")",
		"chain of ctes":      "WITH a AS (SELECT 1)" + fill(", a AS (SELECT * FROM a)") + " SELECT * FROM a",
		"nested ctes":        deep("WITH a AS (", "SELECT 1", ") SELECT * FROM a", nest),
		"open parentheses":   "SELECT " + deep("(", "1", "", nest),
		"open subqueries":    "SELECT * FROM " + deep("(SELECT * FROM ", "t", "", nest),
		"open query":         deep("(", "SELECT 1", "", nest),
		"strings":            "SELECT 'a'" + fill(" 'a'") + " FROM t",
		"dots":               "SELECT a" + fill(".a") + " FROM t",
		"variables":          "SET @a=1" + fill(",@a=1"),
		"explains":           fill("EXPLAIN ") + "SELECT 1",
		"set statements":     fill("SET STATEMENT a=1 FOR ") + "SELECT 1",
		"betweens":           "SELECT * FROM t WHERE a " + fill("BETWEEN 1 AND ") + "1",
		"intervals":          "SELECT " + fill("INTERVAL 1 DAY + ") + "a FROM t",
		"collations":         "SELECT a" + fill(" COLLATE utf8mb4_bin") + " FROM t",
		"windows":            "SELECT " + deep("SUM(", "a", ") OVER (ORDER BY a)", 1) + fill(", SUM(a) OVER ()") + " FROM t",
		"system time":        "SELECT * FROM t" + fill(" FOR SYSTEM_TIME ALL, t"),
		"lateral derivation": "SELECT * FROM t" + deep(", LATERAL (SELECT * FROM t", "", ") x", nest),
	}
}

func distinct(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func TestMySQLHostileTextsTakeBoundedTime(t *testing.T) {
	for name, text := range hostileMySQL() {
		if len(text) > maxText {
			t.Errorf("%s: %d bytes, over the limit", name, len(text))
		}
		start := time.Now()
		Parse(MySQL, text)
		took := time.Since(start)
		if took > hostileBudget {
			t.Errorf("%s: %v, want less than %v", name, took, hostileBudget)
		}
		t.Logf("%-20s %7d bytes %v", name, len(text), took)
	}
}

// hostileBudget is for busy machines and the race detector: on an idle one no
// text takes more than 0.2 s. What it catches is a parser that backtracks.
const hostileBudget = time.Minute

func FuzzReadMySQL(f *testing.F) {
	for _, text := range hostileMySQL() {
		f.Add(text[:min(len(text), 300)])
	}
	for _, text := range []string{
		"SELECT * FROM t WHERE a = ? RETURNING b", "INSERT INTO t VALUES (?) RETURNING (SELECT ?)", "XA", "SET", "CALL p(",
		"EXPLAIN FORMAT", "REPAIR TABLE a, , b", "LOCK TABLES", "SELECT @", "SELECT @@", "SELECT `", "(", "VALUES (", "LOAD DATA INTO TABLE",
		"SELECT '\xff' FROM t", "SELECT * FROM `` WHERE", "SET STATEMENT a=1 FOR", "EXPLAIN EXPLAIN EXPLAIN", "DROP PREPARE", "CREATE TEMPORARY",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > maxText {
			return
		}
		start := time.Now()
		defer func() {
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("%q: %v", text, took)
			}
		}()
		st := &Statement{Dialect: MySQL}
		before := *st
		if err := readMySQL(text, st); err != nil {
			if st.Kind != before.Kind || st.Reads != nil || st.Writes != nil {
				t.Errorf("%q: changed on error", text)
			}
			return
		}
		if st.Kind == Read && (len(st.Writes) > 0 || st.WritesAll) {
			t.Errorf("%q: a read that writes %v", text, st.Writes)
		}
		params := strings.Count(text, "?")
		for _, ref := range st.ReadRefs {
			checkOperands(t, text, ref.Fixed, params)
		}
		for _, ref := range st.WriteRefs {
			checkOperands(t, text, ref.Fixed, params)
		}
	})
}

func checkOperands(t *testing.T, text string, fixed []Predicate, params int) {
	t.Helper()
	for _, p := range fixed {
		for _, v := range p.Values {
			if v.Kind == OperandParam && (v.Param < 1 || v.Param > params) {
				t.Errorf("%q: parameter %d of %d", text, v.Param, params)
			}
		}
	}
}
