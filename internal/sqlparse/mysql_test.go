package sqlparse

import (
	"strings"
	"sync"
	"testing"
)

func TestMySQLKeepsABoundedNumberOfValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sql  string
		rows int
		kept bool
	}{
		{"INSERT INTO t (id) VALUES (1)", maxMySQLValues, true},
		{"INSERT INTO t (id) VALUES (1)", maxMySQLValues + 1, false},
	} {
		st := Parse(MySQL, c.sql+strings.Repeat(",(1)", c.rows-1))
		if got := len(st.WriteRefs) == 1 && len(st.WriteRefs[0].Fixed) == 1; got != c.kept {
			t.Errorf("%d rows: kept %v, want %v", c.rows, got, c.kept)
		}
	}
	st := Parse(MySQL, "SELECT * FROM t WHERE id IN (1"+strings.Repeat(",1", maxMySQLValues)+")")
	if len(st.ReadRefs) != 1 || st.ReadRefs[0].Fixed != nil {
		t.Errorf("long list: %v, want t without predicates", st.ReadRefs)
	}
}

func TestMySQLParametersAreNumberedOverTheWholeText(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"SELECT ?, 'ü?' FROM t WHERE `a?` = ? AND b = ?":                                  "read cacheable\nreads t{a?=$2 b=$3}",
		"SELECT * FROM t FOR SYSTEM_TIME AS OF ? WHERE a = ?":                             "read cacheable\nreads t{a=$2}",
		"SELECT ?, x.* FROM t, (VALUES (?), (?)) x WHERE t.a = ?":                         "read cacheable\nreads t{a=$4}",
		"INSERT INTO t (a, b) VALUES (?, ?) RETURNING (SELECT x FROM s WHERE y = ?)":      "write write\nreads s{y=$3}\nwrites insert t{a=$1 b=$2}",
		"UPDATE t SET a = ? WHERE id = ? RETURNING (SELECT x FROM s WHERE y = ?)":         "write write\nreads s{y=$3}\nwrites update t{id=$2} set a",
		"UPDATE t SET returning = ? WHERE id = ?":                                         "write write\nwrites update t{id=$2} set returning",
		"EXPLAIN SELECT ? FROM t WHERE a = ?":                                             "other explain\nreads t{a=$2}",
		"SET STATEMENT max_statement_time = ? FOR UPDATE t SET a = ? WHERE id = ?":        "write write\nwrites update t{id=$3} set a",
		"SELECT * FROM t WHERE a IN (?, ?) AND b = (SELECT c FROM s WHERE d = ?) LIMIT ?": "read cacheable\nreads t{a=$1|$2}, s{d=$3}",
	} {
		if got := describe(Parse(MySQL, sql)); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", sql, got, want)
		}
	}
}

func TestMySQLReaderServesManyGoroutines(t *testing.T) {
	t.Parallel()
	texts := mysqlGoldenStatements(t)
	want := make([]string, len(texts))
	for i, text := range texts {
		want[i] = describe(Parse(MySQL, text))
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range texts {
				at := (i + g*len(texts)/4) % len(texts)
				if got := describe(Parse(MySQL, texts[at])); got != want[at] {
					t.Errorf("%s: got\n%s\nwant\n%s", texts[at], got, want[at])
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkMySQLFiveJoins(b *testing.B) {
	const text = "SELECT `u`.`id`, `u`.`name`, `o`.`id`, `i`.`sku`, `p`.`title`, `c`.`name`, `s`.`city` FROM `users` `u` " +
		"INNER JOIN `orders` `o` ON `o`.`user_id` = `u`.`id` AND `o`.`tenant_id` = ? INNER JOIN `items` `i` ON `i`.`order_id` = `o`.`id` " +
		"LEFT JOIN `products` `p` ON `p`.`id` = `i`.`product_id` LEFT JOIN `categories` `c` ON `c`.`id` = `p`.`category_id` " +
		"LEFT JOIN `shops` `s` ON `s`.`id` = `p`.`shop_id` WHERE `u`.`tenant_id` = ? AND `o`.`state` IN (?, ?, ?) " +
		"AND `u`.`deleted_at` IS NULL ORDER BY `o`.`created_at` DESC LIMIT ? OFFSET ?"
	b.ReportAllocs()
	for b.Loop() {
		Parse(MySQL, text)
	}
}
