package catalog

import (
	"slices"
	"strings"
	"testing"

	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// bodyWords renders what a body does: names written, a "?" before those that
// may be aliases, then flags.
func bodyWords(b *body) string {
	var words []string
	for _, w := range b.writes {
		word := w.table.String()
		if w.maybe {
			word = "?" + word
		}
		if w.events == onInsert {
			word = "+" + word
		}
		words = append(words, word)
	}
	for word, on := range map[string]bool{"OPAQUE": b.opaque != "", "COMMITS": b.commits, "SESSION": b.sessionChanged, "ROW": b.rowUnknown} {
		if on {
			words = append(words, word)
		}
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

func TestBodiesShowEveryWrite(t *testing.T) {
	t.Parallel()
	const pg, my, lite = sqlparse.Postgres, sqlparse.MySQL, sqlparse.SQLite
	for _, tc := range []struct {
		d          sqlparse.Dialect
		text, want string
	}{
		{pg, `INSERT INTO "Odd Name" VALUES (1)`, "+Odd Name"},
		{pg, `INSERT INTO a.b(x) SELECT 1 ON CONFLICT (x) DO UPDATE SET y = 1`, "a.b"},
		{pg, `WITH d AS (DELETE FROM ONLY x RETURNING *) UPDATE ONLY y SET a = 1`, "x y"},
		{pg, `SELECT * FROM t FOR UPDATE; SELECT * FROM t FOR NO KEY UPDATE`, ""},
		{pg, `MERGE INTO t USING s ON true WHEN MATCHED THEN UPDATE SET a = 1 WHEN NOT MATCHED THEN INSERT (a) VALUES (1)`, "t"},
		{pg, `TRUNCATE TABLE a, ONLY b, c.d RESTART IDENTITY`, "a b c.d"},
		{pg, `-- DELETE FROM a
			/* UPDATE b SET /* nested */ x = 1 */ RAISE NOTICE 'DELETE FROM c'; v := $q$DELETE FROM d$q$; x := E'\'DELETE FROM e'`, ""},
		{pg, `EXECUTE 'DROP TABLE x'`, "OPAQUE SESSION"},
		{pg, `EXECUTE format(' Insert INTO %I VALUES (1)', x)`, "OPAQUE SESSION"},
		{pg, `EXECUTE 'SET search_path = ' || x`, "OPAQUE SESSION"},
		{pg, `EXECUTE format('SELECT set_config(%L, %L, false)', x, y)`, "OPAQUE SESSION"},
		{pg, `EXECUTE x`, "OPAQUE SESSION"},
		{pg, `PERFORM 1; CREATE TEMP TABLE x AS SELECT 1; INSERT INTO x VALUES (1)`, "+x SESSION"},
		{pg, `CREATE TABLE x (i int)`, "OPAQUE"},
		{pg, `PERFORM set_config('a.b', 'c', false)`, "SESSION"},
		{pg, `SET LOCAL a.b = 'c'`, "SESSION"},
		{pg, `BEGIN DELETE FROM a; COMMIT; END`, "COMMITS a"},
		{pg, `BEGIN comment := 'x'; load = 3; RETURN NEW; END`, ""},
		{pg, `BEGIN r := NEW; r.id := 5; RETURN r; END`, "ROW"},
		{pg, `BEGIN NEW.id := 5; RETURN coalesce(NEW, OLD); END`, "ROW"},
		{pg, `REFRESH MATERIALIZED VIEW CONCURRENTLY m`, "m"},
		{pg, `'unterminated`, "OPAQUE ROW"},
		{pg, `UPDATE $1 SET x = 1`, "OPAQUE"},
		{my, "REPLACE LOW_PRIORITY a VALUES (1); SET x = REPLACE(y, 'a', 'b'), z = INSERT(y, 1, 2, 'q')", "a"},
		{my, "BEGIN INSERT IGNORE `a b` VALUES (1); INSERT c.d SET x = 1 ON DUPLICATE KEY UPDATE x = 2; END", "+a b c.d"},
		{my, "UPDATE a x JOIN b ON x.i = b.i SET x.j = 1", "?JOIN ?ON ?a ?b ?b.i ?x ?x.i"},
		{my, "DELETE a FROM a LEFT JOIN b USING (i) WHERE i = 1", "?FROM ?JOIN ?LEFT ?USING ?a ?a ?b ?i"},
		{my, "SET NEW.x = 'it\\'s DELETE FROM t'", ""},
		{my, "SET SESSION sql_mode = ''", "SESSION"},
		{my, "SET @@time_zone = 'UTC'", "SESSION"},
		{my, "SET n = f(1, sql_mode), m = 2", ""},
		{my, "BEGIN SET n = 1, `Sql_Mode` = ''; END", "SESSION"},
		{my, "SET NEW.old = 1, NEW.time_zone = 'x'", ""},
		{my, "SET CHARSET latin1", "SESSION"},
		{my, "UPDATE t SET timestamp = 1", "?t"},
		{my, "BEGIN DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = TRUE; SELECT 1; END", ""},
		{my, "BEGIN DECLARE EXIT HANDLER FOR SQLSTATE '42S02', SQLWARNING SET time_zone = 'UTC'; SELECT 1; END", "SESSION"},
		{my, "BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION ROLLBACK; SELECT 1; END", "COMMITS"},
		{my, "START TRANSACTION; DELETE FROM a; COMMIT", "?FROM ?a COMMITS"},
		{my, "SELECT TRUNCATE(x, 2) INTO y FROM t", ""},
		{my, "/*!50000 DELETE FROM t */", "OPAQUE ROW"},
		{my, "PREPARE s FROM @q", "OPAQUE"},
		{lite, "UPDATE OR IGNORE [a b] SET x = 1; INSERT OR REPLACE INTO c VALUES (1); REPLACE INTO d VALUES (1)", "a b c c d"},
	} {
		if got := bodyWords(scanBody(tc.d, tc.text)); got != tc.want {
			t.Errorf("%s: %s\n got  %q\n want %q", tc.d, tc.text, got, tc.want)
		}
	}
}

func TestBodiesShowWhatTheyAskForBesidesTheirArguments(t *testing.T) {
	t.Parallel()
	const pg, my = sqlparse.Postgres, sqlparse.MySQL
	for _, tc := range []struct {
		d          sqlparse.Dialect
		text, want string
	}{
		{pg, `SELECT $1 + abs($2)`, ""},
		{pg, `SELECT extract(year FROM age($1, $2))`, "age"},
		{pg, `SELECT extract(year FROM age($1))`, "age age"},
		{pg, `SELECT age(make_date($1, 1, 1))`, "age"},
		{pg, `BEGIN RETURN now() - x; END`, "now"},
		{pg, `SELECT pg_catalog.current_setting('app.tenant')`, "current_setting"},
		{pg, `SELECT app.now()`, ""},
		{pg, `SELECT CURRENT_USER = $1`, "current_user"},
		{pg, `SELECT lower("current_user"), 'now()' -- random()`, ""},
		{pg, `SELECT v FROM a, ONLY b.c x JOIN d ON true, LATERAL f(1, 2) g WHERE id IN (SELECT 1, 2)`, "a b.c f d f"},
		{pg, `SELECT sum(x) FROM unnest($1) x; SELECT trim(BOTH FROM y), z`, "unnest y"},
		{pg, `EXECUTE 'SELECT 1'`, "execute"},
		{my, "RETURN x + IF(x IN (1, 2), LEFT(y, 2), 0)", ""},
		{my, "RETURN @tenant", "@"},
		{my, "RETURN @@time_zone", "@"},
		{my, "RETURN timestampdiff(YEAR, d, CURDATE())", "CURDATE"},
		{my, "RETURN UNIX_TIMESTAMP(d) - unix_timestamp()", "unix_timestamp"},
		{my, "RETURN CURRENT_DATE - d", "current_date"},
		{my, "RETURN x + rand()", "rand"},
		{my, "RETURN 'a@b.c'", ""},
		{my, "RETURN NEXT VALUE FOR s", "value for"},
	} {
		b := scanBody(tc.d, tc.text)
		words := []string{}
		if b.unsteady != "" {
			words = append(words, b.unsteady)
		}
		for _, r := range b.reads {
			words = append(words, r.String())
		}
		if got := strings.Join(words, " "); got != tc.want {
			t.Errorf("%s: %s\n got  %q\n want %q", tc.d, tc.text, got, tc.want)
		}
	}
}

func FuzzScanBody(f *testing.F) {
	for _, s := range []string{"", "a.", "UPDATE", "DELETE FROM", "INSERT INTO (", "$a$", "/*/*", "NEW.", "x.y.z(", "TRUNCATE a,", "`", "[", "E'\\"} {
		for d := range 4 {
			f.Add(uint8(d), s)
		}
	}
	f.Fuzz(func(_ *testing.T, d uint8, s string) {
		scanBody(sqlparse.Dialect(d%4), s)
		withoutRole(s)
		searchPath(s)
	})
}
