package sqlparse

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// TestMySQLNamesThatAreKeywordsElsewhereAreRead has every word that MariaDB 10.11 lets be a name and the first reader does not, wherever
// a name can stand.
func TestMySQLNamesThatAreKeywordsElsewhereAreRead(t *testing.T) {
	t.Parallel()
	for word := range mysqlNames {
		word = strings.ToLower(word)
		for form, want := range map[string]string{
			"SELECT %s FROM t WHERE a = 1":                                             "read cacheable\nreads t{a=1}",
			"SELECT a, t.%s FROM t WHERE a = ?":                                        "read cacheable\nreads t{a=$1}",
			"SELECT *, 1 AS %s FROM t":                                                 "read cacheable\nreads t",
			"SELECT a %s FROM t ORDER BY %[1]s":                                        "read cacheable\nreads t",
			"SELECT a FROM t WHERE b = ? AND %s = ? AND c = ?":                         "read cacheable\nreads t{b=$1 %[1]s=$2 c=$3}",
			"SELECT a FROM t AS %s WHERE a IN (SELECT b FROM s WHERE c = 2)":           "read cacheable\nreads t, s{c=2}",
			"SELECT a FROM `%s`, t":                                                    "read cacheable\nreads %[1]s, t",
			"UPDATE t SET %s = ? WHERE a = ?":                                          "write write\nwrites update t{a=$2} set %[1]s",
			"INSERT INTO t (a, %s) VALUES (?, ?)":                                      "write write\nwrites insert t{a=$1 %[1]s=$2}",
			"INSERT INTO t (a) VALUES (?) RETURNING %s, (SELECT b FROM s WHERE c = ?)": "write write\nreads s{c=$2}\nwrites insert t{a=$1}",
			"DELETE FROM t WHERE %s = ?":                                               "write write\nwrites delete t{%[1]s=$1}",
			"INSERT INTO %s (a) VALUES (?)":                                            "write write\nwrites insert %[1]s{a=$1}",
			"INSERT IGNORE INTO %s (a) VALUES (?)":                                     "write write\nwrites %[1]s",
			"REPLACE %s(a) VALUES (?)":                                                 "write write\nwrites %[1]s",
			"WITH %s (a) AS (SELECT b FROM t) SELECT a FROM `%[1]s`":                   "read cacheable\nreads t",
		} {
			text := fmt.Sprintf(form, word)
			if strings.Contains(want, "%") {
				want = fmt.Sprintf(want, word)
			}
			if got := describe(Parse(MySQL, text)); got != want {
				t.Errorf("%s: got\n%s\nwant\n%s", text, got, want)
			}
		}
	}
}

// TestMySQLKeywordsStayKeywords has the same words where they are none's name.
func TestMySQLKeywordsStayKeywords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"SELECT RANK() OVER (ORDER BY a) AS rank FROM t":                         "read cacheable\nreads t",
		"SELECT a, LAG (b) OVER w AS lag FROM t WINDOW w AS (ORDER BY a)":        "read cacheable\nreads t",
		"SELECT a, LAG (b) OVER w AS x FROM t WINDOW w AS (ORDER BY a)":          "read cacheable\nreads t",
		"SELECT rank FROM t, LATERAL (SELECT b FROM s WHERE s.c = t.c) x":        "read cacheable\nreads s, t",
		"SELECT rank, DATABASE() FROM t":                                         "read session_function (database)\nreads t",
		"SELECT rank FROM t JOIN s ON t.a = s.a FOR UPDATE OF s":                 "unknown unparsed (select)\nwrites rank, t, s, t.a, s.a, FOR, OF",
		"SELECT rank FROM t FETCH FIRST ROW ONLY":                                "read unparsed (select)",
		"SELECT rank FROM (SELECT ROW(1, 2) = ROW(a, b) AS rank FROM t) x":       "read cacheable\nreads t",
		"WITH rank AS (SELECT a FROM t) SELECT rank.a FROM rank":                 "read cacheable\nreads t",
		"SELECT @rank := rank FROM t":                                            "read user_variable (@rank)\nreads t\nsession @rank",
		"SELECT rank FROM t UNION VALUES (1), (2)":                               "read cacheable\nreads t",
		"SELECT a FROM t FOR SYSTEM_TIME AS OF TIMESTAMP '2026-01-01' WHERE row": "read cacheable\nreads t",
	} {
		st := Parse(MySQL, text)
		got, _, _ := strings.Cut(describe(st), "\nfunctions")
		if got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", text, got, want)
		}
	}
}

// TestMySQLReadsEveryNameTheServerTakes asks the server for its keywords, and which of them it takes for a column or an alias.
func TestMySQLReadsEveryNameTheServerTakes(t *testing.T) {
	t.Parallel()
	conn, words := mysqlKeywords(t)
	names := 0
	for _, word := range words {
		for form, want := range map[string]string{
			"SELECT x.a AS %s FROM t AS x WHERE b = 1":    "read cacheable\nreads t{b=1}",
			"SELECT x.%s, a FROM t AS x":                  "read cacheable\nreads t",
			"UPDATE t SET `%[1]s` = 1, %[1]s = 2, b2 = 3": "write write\nwrites update t set %[1]s %[1]s b2",
		} {
			text := fmt.Sprintf(form, word)
			_, err := conn.ExecContext(t.Context(), "PREPARE s FROM ?", text)
			if my := (*mysql.MySQLError)(nil); errors.As(err, &my) && my.Number == 1064 { // a syntax error
				continue
			}
			if strings.Contains(want, "%") {
				want = fmt.Sprintf(want, word)
			}
			if got := describe(Parse(MySQL, text)); got != want {
				t.Errorf("%s: got\n%s\nwant\n%s", text, got, want)
			}
			names++
		}
	}
	if names < 500 {
		t.Errorf("the server takes %d of %d keywords for names only", names, len(words))
	}
}

func mysqlKeywords(t *testing.T) (conn *sql.Conn, words []string) {
	t.Helper()
	dsn := os.Getenv("CACHEDSQL_TEST_MYSQL")
	if dsn == "" {
		t.Skip("CACHEDSQL_TEST_MYSQL is not set: see scripts/services")
	}
	db, err := sql.Open("mysql", dsn+"?interpolateParams=true")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if conn, err = db.Conn(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := conn.QueryContext(t.Context(), "SELECT LOWER(word) FROM information_schema.keywords")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var word string
		if err := rows.Scan(&word); err != nil {
			t.Fatal(err)
		}
		words = append(words, word)
	}
	return conn, words
}
