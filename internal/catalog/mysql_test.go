package catalog

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

const mysqlVariable = "CACHEDSQL_TEST_MYSQL"

// mysqlServer opens the test server with several statements a call allowed.
func mysqlServer(t testing.TB, user, database string) *sql.DB {
	t.Helper()
	server(t, "mysql", mysqlVariable)
	cfg, err := mysql.ParseDSN(dsn(mysqlVariable))
	if err != nil {
		t.Fatal(err)
	}
	cfg.MultiStatements, cfg.DBName = true, database
	if user != "" {
		cfg.User, cfg.Passwd = user, "secret"
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db
}

// mysqlDatabase makes a database with the given objects in it. Routine bodies
// are several statements to the driver as well, so the server must be told
// where objects end: they are separated by lines of dashes.
func mysqlDatabase(t testing.TB, objects string) (*sql.DB, string) {
	t.Helper()
	name := scratch()
	admin := mysqlServer(t, "", "")
	mustExec(t, admin, "CREATE DATABASE "+name)
	t.Cleanup(func() { admin.Exec("DROP DATABASE " + name) })
	db := mysqlServer(t, "", name)
	for _, object := range strings.Split(objects, "----") {
		mustExec(t, db, object)
	}
	return db, name
}

// needsMariaDB skips a test whose objects MySQL does not know.
func needsMariaDB(t *testing.T) {
	t.Helper()
	var version string
	if err := mysqlServer(t, "", "").QueryRow("SELECT VERSION()").Scan(&version); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(version, "MariaDB") {
		t.Skip("the objects are MariaDB's")
	}
}

func mysqlCheck(t *testing.T, objects string, decl *Declarations, cases []effectCase) {
	t.Helper()
	db, name := mysqlDatabase(t, objects)
	checkEffects(t, mustLoad(t, sqlparse.MySQL, db), Session{Database: name, Known: true}, in(name, decl), name+".", cases)
}

func TestMySQLReadsThroughNestedViews(t *testing.T) {
	t.Parallel()
	mysqlCheck(t, `
CREATE TABLE a (id int PRIMARY KEY, n int);
CREATE TABLE b (id int PRIMARY KEY);
CREATE VIEW v1 AS SELECT * FROM a WHERE n > 3;
CREATE VIEW v2 AS SELECT v1.id FROM v1 JOIN b USING (id);
CREATE VIEW recent AS SELECT id, now() AS at FROM a;`, nil, []effectCase{
		{"SELECT * FROM v2 WHERE id = 1", "r: a b v1 v2"},
		{"SELECT * FROM recent", "r: a recent reason: time_function"},
		{"UPDATE v1 SET n = 5 WHERE id = 5", "w: a a[id=*] v1"},
		{"SELECT * FROM A WHERE ID = 1", "r: a[id=1]"},
		{"SELECT * FROM nowhere.a", "reason: unknown_relation"},
		{"SELECT * FROM information_schema.tables", "r: information_schema.tables reason: system_catalog"},
	})
}

func TestMySQLWritesFixDimensions(t *testing.T) {
	t.Parallel()
	decl := &Declarations{Tables: map[string]TableDecl{"s.t": {Dimensions: []string{"tenant", "name"}}}}
	mysqlCheck(t, `
CREATE TABLE t (id int unsigned PRIMARY KEY AUTO_INCREMENT, tenant tinyint, name varchar(20), code varbinary(8) UNIQUE, twice int AS (tenant * 2) STORED UNIQUE);
CREATE TABLE pair (a int, b int, u int UNIQUE, PRIMARY KEY (a, b))`, decl, []effectCase{
		{"SELECT * FROM t WHERE id = ?", "r: t[id=$1]"},
		{"SELECT * FROM t WHERE id = '7'", "r: t[id=7]"},
		{"SELECT * FROM t WHERE id = -7", "r: t"},
		{"SELECT * FROM t WHERE name = 'x'", "r: t"},
		{"SELECT * FROM t WHERE code = 'x'", "r: t[code=x]"},
		{"SELECT * FROM t WHERE code = 5", "r: t"},
		{"SELECT * FROM t WHERE twice = 5", "r: t"},
		{"SELECT * FROM pair WHERE a = 1 AND b = 2", "r: pair"},
		{"SELECT * FROM pair WHERE u = 1", "r: pair[u=1]"},
		{"INSERT INTO t (id, tenant) VALUES (0, 300)", "w: t t[code=*] t[id=*] t[tenant=*]"},
		{"INSERT INTO t (id, tenant) VALUES (3, 30)", "w: t t[code=*] t[id=3] t[tenant=30]"},
		{"REPLACE INTO t (id, tenant) VALUES (3, 30)", "w: t t[code=*] t[id=*] t[tenant=*]"},
		{"INSERT INTO t (id) VALUES (3) ON DUPLICATE KEY UPDATE tenant = 4", "w: t t[code=*] t[id=*] t[tenant=*]"},
		{"UPDATE t SET tenant = 5 WHERE id = ?", "w: t t[code=*] t[id=$1] t[tenant=*]"},
	})
}

func TestMySQLCascadesThreeLevelsDeep(t *testing.T) {
	t.Parallel()
	mysqlCheck(t, `
CREATE TABLE a (id int PRIMARY KEY, x int);
CREATE TABLE b (id int PRIMARY KEY, a int, FOREIGN KEY (a) REFERENCES a (id) ON DELETE CASCADE);
CREATE TABLE c (id int PRIMARY KEY, b int, FOREIGN KEY (b) REFERENCES b (id) ON DELETE CASCADE);
CREATE TABLE d (id int PRIMARY KEY, c int, FOREIGN KEY (c) REFERENCES c (id) ON DELETE SET NULL ON UPDATE CASCADE);
CREATE TABLE log (id int PRIMARY KEY);
CREATE TRIGGER lost AFTER DELETE ON b FOR EACH ROW INSERT INTO log VALUES (old.id)`, nil, []effectCase{
		{"DELETE FROM a WHERE id = 1", "w: a a[id=1] b b[id=*] c c[id=*] d d[id=*]"},
		{"DELETE FROM b WHERE id = 1", "w: b b[id=1] c c[id=*] d d[id=*] log log[id=*]"},
		{"UPDATE a SET x = 1 WHERE id = 1", "w: a a[id=1]"},
		{"UPDATE c SET id = 2 WHERE id = 1", "w: c c[id=*] d d[id=*]"},
		{"UPDATE c SET b = 2 WHERE id = 1", "w: c c[id=1]"},
	})
}

func TestMySQLTriggersAndRoutinesWriteOtherTables(t *testing.T) {
	t.Parallel()
	mysqlCheck(t, `
CREATE TABLE t (id int PRIMARY KEY, tenant int);
CREATE TABLE log (id int PRIMARY KEY);
CREATE TABLE totals (tenant int PRIMARY KEY, n int);
CREATE TABLE loose (id int PRIMARY KEY) ENGINE = MyISAM
----
CREATE TRIGGER t1 AFTER INSERT ON t FOR EACH ROW BEGIN
  IF NEW.tenant > 1 THEN
    INSERT INTO log VALUES (NEW.id); # not DELETE FROM loose
    CALL bump(NEW.tenant);
  END IF;
END
----
CREATE TRIGGER t2 BEFORE UPDATE ON t FOR EACH ROW SET NEW.tenant = 7
----
CREATE PROCEDURE bump(i int) UPDATE totals x JOIN log ON log.id = x.tenant SET x.n = x.n + 1 WHERE x.tenant = i
----
CREATE PROCEDURE done() BEGIN DELETE FROM log; COMMIT; END
----
CREATE PROCEDURE dyn(q text) BEGIN SET @q = q; PREPARE s FROM @q; EXECUTE s; END
----
CREATE FUNCTION twice(i int) RETURNS int DETERMINISTIC RETURN i * 2
----
CREATE FUNCTION claims(i int) RETURNS int DETERMINISTIC READS SQL DATA RETURN (SELECT max(id) FROM log)
----
CREATE FUNCTION ticket() RETURNS int BEGIN INSERT INTO log VALUES (1); RETURN 1; END`, nil, []effectCase{
		{"INSERT INTO t (id) VALUES (1)", "w: log log[id=*] t t[id=1] totals totals[tenant=*]"},
		{"UPDATE t SET tenant = 1 WHERE id = 1", "w: t t[id=1]"},
		{"CALL done()", "w: log log[id=*] immediate"},
		{"CALL dyn('x')", "w: everything immediate"},
		{"SELECT twice(id) FROM t", "r: t"},
		{"SELECT claims(id) FROM t", "r: t reason: unknown_function"},
		{"SELECT ticket() FROM t", "r: t w: log log[id=*] reason: unknown_function"},
		{"INSERT INTO loose (id) VALUES (1)", "w: loose loose[id=1] immediate"},
	})
}

func TestMySQLTimesOfDayHaveTheDateOfToday(t *testing.T) {
	t.Parallel()
	const today = "r: shifts reason: time_function"
	mysqlCheck(t, `
CREATE TABLE shifts (id int PRIMARY KEY, day date, since time, ends time, made datetime)
----
CREATE TABLE nights (id int PRIMARY KEY, day date)
----
CREATE VIEW plain AS SELECT id, since, made FROM shifts
----
CREATE VIEW dated AS SELECT CAST(since AS DATETIME) AS begins FROM shifts`, nil, []effectCase{
		{"SELECT since, ends, made FROM shifts WHERE since < '12:00' AND DATE(made) = ?", "r: shifts"},
		{"SELECT TIMESTAMP(day, since), CONCAT(day, since), TIMEDIFF(ends, since), HOUR(since) FROM shifts", "r: shifts"},
		{"SELECT DATE_FORMAT(since, '%H:%i'), TIME_FORMAT(since, '%H'), EXTRACT(HOUR FROM since) FROM shifts", "r: shifts"},
		{"SELECT TIMESTAMPDIFF(MINUTE, since, ends), since + INTERVAL 1 HOUR FROM shifts", "r: shifts"},
		{"SELECT n.day AS day, COUNT(*) AS `*` FROM nights n JOIN nights u ON n.day = u.day GROUP BY day", "r: nights"},
		{"SELECT n.id AS id, n.day AS day FROM nights n JOIN shifts s ON n.id = s.id", "r: nights shifts"},
		{"SELECT CAST(since AS DATETIME) FROM shifts", today},
		{"SELECT CONVERT(SINCE, DATE) FROM shifts", today},
		{"SELECT id FROM shifts s WHERE TIMESTAMP(s.since) > ?", today},
		{"SELECT UNIX_TIMESTAMP(since) FROM shifts", today},
		{"SELECT DATE_FORMAT(since, '%d %H:%i') FROM shifts", today},
		{"SELECT EXTRACT(DAY FROM since) FROM shifts", today},
		{"SELECT DATEDIFF(since, day) FROM shifts", today},
		{"SELECT DATE(since) FROM plain", "r: plain shifts reason: time_function"},
		{"SELECT begins FROM dated", "r: dated shifts reason: time_function"},
	})
}

// What a view is made of nobody can say whose text only the server understands.
func TestMySQLWriteToAViewThatNobodyCanParseCountsForEverything(t *testing.T) {
	t.Parallel()
	needsMariaDB(t)
	mysqlCheck(t, `
CREATE TABLE aged (id int PRIMARY KEY, n int) WITH SYSTEM VERSIONING
----
CREATE VIEW of_all_times AS SELECT id, n FROM aged FOR SYSTEM_TIME AS OF NOW(6)`, nil, []effectCase{
		{"SELECT n FROM of_all_times", "r: of_all_times reason: unparsed"},
		{"UPDATE of_all_times SET n = 2 WHERE id = 1", "w: everything"},
	})
}

func TestMySQLFunctionsAreDeterministicIfTheirBodiesAre(t *testing.T) {
	t.Parallel()
	mysqlCheck(t, `
CREATE TABLE t (id int PRIMARY KEY, tenant int, born date)
----
CREATE FUNCTION twice(i int) RETURNS int DETERMINISTIC BEGIN DECLARE n DECIMAL(10, 2) DEFAULT i; IF (n > 1) THEN SET n = ROUND(n * (2)); END IF; RETURN n; END
----
CREATE FUNCTION four(i int) RETURNS int DETERMINISTIC RETURN twice(twice(i))
----
CREATE FUNCTION tenant() RETURNS int DETERMINISTIC NO SQL RETURN @tenant
----
CREATE FUNCTION of_tenant(i int) RETURNS int DETERMINISTIC NO SQL RETURN i = tenant()
----
CREATE FUNCTION age(d date) RETURNS int DETERMINISTIC NO SQL RETURN TIMESTAMPDIFF(YEAR, d, CURDATE())
----
CREATE FUNCTION dice() RETURNS double DETERMINISTIC NO SQL RETURN RAND()
----
CREATE FUNCTION who() RETURNS varchar(100) DETERMINISTIC NO SQL RETURN CURRENT_USER
----
CREATE VIEW mine AS SELECT id FROM t WHERE tenant = tenant()`, nil, []effectCase{
		{"SELECT twice(id) FROM t", "r: t"},
		{"SELECT four(id) FROM t", "r: t"},
		{"SELECT id FROM t WHERE tenant = tenant()", "r: t reason: unknown_function"},
		{"SELECT id FROM t WHERE of_tenant(tenant)", "r: t reason: unknown_function"},
		{"SELECT id FROM mine", "r: mine t reason: unknown_function"},
		{"SELECT age(born) FROM t", "r: t reason: unknown_function"},
		{"SELECT dice() FROM t", "r: t reason: unknown_function"},
		{"SELECT who() FROM t", "r: t reason: unknown_function"},
	})
}

func TestMySQLWithoutTriggerPrivilegeEveryWriteCounts(t *testing.T) {
	t.Parallel()
	_, name := mysqlDatabase(t, "CREATE TABLE a (id int PRIMARY KEY); CREATE VIEW v AS SELECT * FROM a")
	admin := mysqlServer(t, "", "")
	user := scratch()
	// An anonymous user of localhost would take the place of one of anywhere.
	both := user + "@'%', " + user + "@localhost"
	mustExec(t, admin, "CREATE USER "+user+"@'%' IDENTIFIED BY 'secret', "+user+"@localhost IDENTIFIED BY 'secret'")
	t.Cleanup(func() { admin.Exec("DROP USER " + both) })
	mustExec(t, admin, "GRANT SELECT, INSERT, UPDATE, DELETE ON "+name+".* TO "+both)
	s := Session{Database: name, Known: true}

	c := mustLoad(t, sqlparse.MySQL, mysqlServer(t, user, name))
	checkEffects(t, c, s, nil, name+".", []effectCase{
		{"SELECT * FROM a WHERE id = 1", "r: a[id=1]"},
		{"SELECT * FROM v", "r: v reason: unknown_relation"},
		{"DELETE FROM a WHERE id = 1", "w: everything"},
	})
	if len(c.Warnings()) != 1 || !strings.Contains(c.Warnings()[0], "TRIGGER privilege on "+name) {
		t.Errorf("warnings are %q, want one that asks for the TRIGGER privilege", c.Warnings())
	}

	mustExec(t, admin, "GRANT TRIGGER, SHOW VIEW ON "+name+".* TO "+both)
	c = mustLoad(t, sqlparse.MySQL, mysqlServer(t, user, name))
	checkEffects(t, c, s, nil, name+".", []effectCase{
		{"SELECT * FROM v", "r: a v"},
		{"DELETE FROM a WHERE id = 1", "w: a a[id=1]"},
	})
	if len(c.Warnings()) != 0 {
		t.Errorf("warnings are %q with all privileges, want none", c.Warnings())
	}
}

// TestMySQLLoadsAThousandTablesQuickly is as its PostgreSQL twin.
func TestMySQLLoadsAThousandTablesQuickly(t *testing.T) {
	var b strings.Builder
	for i := range 1000 {
		n := string([]byte{byte('0' + i/100), byte('0' + i/10%10), byte('0' + i%10)})
		b.WriteString("CREATE TABLE t" + n + " (id bigint PRIMARY KEY AUTO_INCREMENT, tenant int, name varchar(40) UNIQUE, " +
			"a int, b int, c int, d text, e text, f datetime, g datetime, h json, i decimal(9,2), up bigint")
		if i > 0 {
			b.WriteString(", FOREIGN KEY (up) REFERENCES t000 (id) ON DELETE CASCADE")
		}
		b.WriteString(");")
	}
	db, _ := mysqlDatabase(t, b.String())
	best := time.Hour
	for range 5 {
		start := time.Now()
		mustLoad(t, sqlparse.MySQL, db)
		best = min(best, time.Since(start))
	}
	t.Logf("1,000 tables, 999 foreign keys: %v", best)
	if best > 5*time.Second {
		t.Errorf("a load takes %v", best)
	}
}

func TestMySQLVirtualColumnsAreComputedByEachRead(t *testing.T) {
	t.Parallel()
	needsMariaDB(t)
	mysqlCheck(t, `
CREATE TABLE plain (id int PRIMARY KEY, j json, a varchar(20) AS (json_value(j, '$.a')) VIRTUAL, b varchar(40) AS (concat('it''s \\ ', id)) VIRTUAL, c int AS (id * 2) STORED);
CREATE TABLE clock (id int PRIMARY KEY, at datetime AS (now()) VIRTUAL);
CREATE TABLE dice (id int PRIMARY KEY, r int AS (rand() * 1000) VIRTUAL);
CREATE TABLE who (id int PRIMARY KEY, a int AS (id + 1) VIRTUAL, u varchar(90) AS (current_user()) VIRTUAL, z int AS (id + 2) VIRTUAL);
CREATE TABLE spoken (id int PRIMARY KEY, t time, d datetime AS (t) VIRTUAL);
CREATE TABLE said (id int PRIMARY KEY, t time, y int AS (year(cast(t as datetime))) VIRTUAL);
CREATE TABLE known (id int PRIMARY KEY, t time, d date, e datetime AS (timestamp(d, t)) VIRTUAL);
CREATE VIEW through AS SELECT id FROM clock`, nil, []effectCase{
		{"SELECT * FROM plain", "r: plain"},
		{"SELECT id FROM clock WHERE id = 1", "r: clock[id=1] reason: time_function"},
		{"SELECT * FROM dice", "r: dice reason: volatile_function"},
		{"SELECT * FROM who", "r: who reason: session_function"},
		{"SELECT * FROM spoken", "r: spoken reason: time_function"},
		{"SELECT * FROM said", "r: said reason: time_function"},
		{"SELECT * FROM known", "r: known"},
		{"SELECT * FROM through", "r: clock through reason: time_function"},
		{"UPDATE who SET id = 2 WHERE id = 1", "w: who who[id=*]"},
	})
}

// MySQL shows the quotes in an expression with a backslash before each.
func TestMySQLVirtualColumnsInMySQLsSpelling(t *testing.T) {
	t.Parallel()
	c := newCatalog(sqlparse.MySQL)
	r := c.add("s", "t", table)
	for expr, want := range map[string]string{
		`json_unquote(json_extract(` + "`j`" + `,_utf8mb4\'$.a\'))`: "",
		`concat(_utf8mb4\'it\\\'s \',` + "`id`" + `)`:               "",
		`cast(` + "`j`" + ` ->> \'$.x\' as char) no_such_syntax ((`: "",
		`concat(_utf8mb4\'x\',now())`:                               "time_function",
		`no such syntax now(`:                                       "unknown_function",
	} {
		if why, _ := c.virtualReason(r, expr); why.String() != want && (want != "" || why != 0) {
			t.Errorf("%s: got %v, want %q", expr, why, want)
		}
	}
}
