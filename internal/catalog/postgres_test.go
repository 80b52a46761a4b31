package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

const pgVariable = "CACHEDSQL_TEST_POSTGRES"

// pgSchema makes a schema with the given objects in it and returns the
// catalog as loaded afterwards, and the session that resolves there.
func pgSchema(t *testing.T, objects string) (c *Catalog, s Session, schema string) {
	t.Helper()
	db := server(t, "pgx", pgVariable)
	schema = scratch()
	mustExec(t, db, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { db.Exec("DROP SCHEMA " + schema + " CASCADE") })
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(context.Background(), "SET search_path = "+schema+"; "+objects+"; RESET search_path"); err != nil {
		t.Fatal(err)
	}
	return mustLoad(t, sqlparse.Postgres, db), Session{SearchPath: []string{schema}, Known: true}, schema
}

// pgCheck takes declarations with "s." for the schema.
func pgCheck(t *testing.T, objects string, decl *Declarations, cases []effectCase) {
	t.Helper()
	c, s, schema := pgSchema(t, objects)
	decl = in(schema, decl)
	checkEffects(t, c, s, decl, schema+".", cases)
}

func TestPostgresReadsThroughNestedViews(t *testing.T) {
	t.Parallel()
	pgCheck(t, `
CREATE TABLE a (id int PRIMARY KEY, note text, at timestamptz);
CREATE TABLE b (id int PRIMARY KEY);
CREATE VIEW v1 AS SELECT * FROM a WHERE id > 3;
CREATE VIEW v2 AS SELECT v1.id FROM v1 JOIN b USING (id);
CREATE VIEW recent AS SELECT * FROM a WHERE at > now();
CREATE VIEW mine AS SELECT * FROM recent;
CREATE VIEW days AS SELECT at::date FROM a;
CREATE VIEW guess AS SELECT note::date FROM a;
CREATE MATERIALIZED VIEW m AS SELECT * FROM a;
CREATE VIEW over_m AS SELECT * FROM m`, nil, []effectCase{
		{"SELECT * FROM v2 WHERE id = 1", "r: a b v1 v2"},
		{"SELECT * FROM mine", "r: a mine recent reason: time_function"},
		{"SELECT * FROM days", "r: a days"},
		{"SELECT * FROM guess", "r: a guess reason: time_function"},
		{"SELECT at::date FROM a", "r: a"},
		{"SELECT note::date FROM a", "r: a reason: time_function"},
		{"SELECT * FROM over_m", "r: m over_m"},
		{"REFRESH MATERIALIZED VIEW m", "w: m"},
		{"UPDATE v1 SET note = 'x' WHERE id = 5", "w: a a[id=*] v1"},
		{"DELETE FROM v1", "w: a a[id=*] v1"},
	})
}

func TestPostgresWritesFixDimensions(t *testing.T) {
	t.Parallel()
	decl := &Declarations{Tables: map[string]TableDecl{"s.t": {Dimensions: []string{"tenant", "ratio"}}}}
	pgCheck(t, `
CREATE DOMAIN slug AS varchar(20);
CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE t (id bigint PRIMARY KEY, slug slug UNIQUE, folded text COLLATE ci UNIQUE, tenant int, ratio numeric, twice int GENERATED ALWAYS AS (tenant * 2) STORED UNIQUE);
CREATE TABLE u (k uuid PRIMARY KEY)`, decl, []effectCase{
		{"SELECT * FROM t WHERE id = $1", "r: t[id=$1]"},
		{"SELECT * FROM t WHERE id = '7'", "r: t[id=7]"},
		{"SELECT * FROM t WHERE id = ' 7'", "r: t"},
		{"SELECT * FROM t WHERE slug = $1 AND tenant = 4", "r: t[slug=$1]"},
		{"SELECT * FROM t WHERE slug = 5::text", "r: t"},
		{"SELECT * FROM t WHERE folded = 'x'", "r: t"},
		{"SELECT * FROM t WHERE twice = 4", "r: t"},
		{"SELECT * FROM t WHERE ratio = 4", "r: t"},
		{"SELECT * FROM t WHERE id = 1 OR slug = 'x'", "r: t"},
		{"SELECT * FROM t JOIN u ON true WHERE t.id = $2", "r: t[id=$2] u"},
		{"SELECT * FROM u WHERE k = $1", "r: u[k=$1]"},
		{"UPDATE t SET ratio = 1 WHERE id = $1", "w: t t[id=$1] t[slug=*] t[tenant=*]"},
		{"UPDATE t SET tenant = 1 WHERE id = $1 AND tenant = 7", "w: t t[id=$1] t[slug=*] t[tenant=*]"},
		{"DELETE FROM t WHERE tenant = 7", "w: t t[id=*] t[slug=*] t[tenant=7]"},
		{"INSERT INTO t (id, slug) VALUES ($1, 'a'), ($2, 'b')", "w: t t[id=$1,$2] t[slug=a,b] t[tenant=*]"},
		{"INSERT INTO t (id) VALUES ($1) ON CONFLICT (slug) DO UPDATE SET ratio = 1", "w: t t[id=*] t[slug=*] t[tenant=*]"},
		{"INSERT INTO t (id) OVERRIDING USER VALUE VALUES (5)", "w: t t[id=*] t[slug=*] t[tenant=*]"},
		{"INSERT INTO t SELECT * FROM t", "r: t w: t t[id=*] t[slug=*] t[tenant=*]"},
	})
}

func TestPostgresCascadesThreeLevelsDeep(t *testing.T) {
	t.Parallel()
	pgCheck(t, `
CREATE TABLE a (id int PRIMARY KEY, x int);
CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a ON DELETE CASCADE);
CREATE TABLE c (id int PRIMARY KEY, b int REFERENCES b ON DELETE CASCADE);
CREATE TABLE d (id int PRIMARY KEY, c int REFERENCES c ON DELETE SET NULL);
CREATE TABLE e (id int PRIMARY KEY, d int REFERENCES d ON DELETE CASCADE);
CREATE TABLE k (a int REFERENCES a ON UPDATE CASCADE);
CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree ON DELETE CASCADE)`, nil, []effectCase{
		{"DELETE FROM a WHERE id = 1", "w: a a[id=1] b b[id=*] c c[id=*] d d[id=*]"},
		{"UPDATE a SET x = 1 WHERE id = 1", "w: a a[id=1]"},
		{"UPDATE a SET id = 2 WHERE id = 1", "w: a a[id=*] k"},
		{"INSERT INTO a (id) VALUES (1)", "w: a a[id=1]"},
		{"DELETE FROM tree WHERE id = 1", "w: tree tree[id=*]"},
		{"DELETE FROM d WHERE id = 1", "w: d d[id=1] e e[id=*]"},
	})
}

func TestPostgresTriggersWriteOtherTables(t *testing.T) {
	t.Parallel()
	objects := `
CREATE TABLE t (id int PRIMARY KEY, tenant int, at timestamptz);
CREATE TABLE log (id int PRIMARY KEY);
CREATE TABLE totals (tenant int PRIMARY KEY, n int);
CREATE TABLE quiet (id int PRIMARY KEY);
CREATE TABLE wild (id int PRIMARY KEY);
CREATE FUNCTION bump(i int) RETURNS void LANGUAGE sql AS 'UPDATE totals SET n = n + 1 WHERE tenant = i';
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- DELETE FROM quiet
  IF TG_OP = 'DELETE' THEN
    INSERT INTO log VALUES (old.id) ON CONFLICT DO NOTHING;
    RETURN OLD;
  END IF;
  PERFORM bump(new.tenant);
  RETURN NULL;
END $$;
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := now(); RETURN NEW; END $$;
CREATE FUNCTION rehome() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := 5; RETURN NEW; END $$;
CREATE FUNCTION dyn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DELETE FROM quiet'; RETURN NULL; END $$;
CREATE TRIGGER note AFTER DELETE OR INSERT ON t FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER stamp BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE TRIGGER rehome BEFORE INSERT ON quiet FOR EACH ROW EXECUTE FUNCTION rehome();
CREATE TRIGGER dyn AFTER INSERT ON wild FOR EACH STATEMENT EXECUTE FUNCTION dyn()`
	pgCheck(t, objects, nil, []effectCase{
		{"DELETE FROM t WHERE id = 1", "w: log log[id=*] t t[id=1] totals totals[tenant=*]"},
		{"UPDATE t SET tenant = 1 WHERE id = 1", "w: t t[id=1]"},
		{"INSERT INTO quiet (id) VALUES (1)", "w: quiet quiet[id=*]"},
		{"UPDATE quiet SET id = 2 WHERE id = 1", "w: quiet quiet[id=*]"},
		{"INSERT INTO wild (id) VALUES (1)", "w: everything session"},
		{"DELETE FROM wild WHERE id = 1", "w: wild wild[id=1]"},
		{"SELECT bump(1)", "w: totals totals[tenant=*] reason: unknown_function"},
	})
	pgCheck(t, objects, &Declarations{
		Tables:    map[string]TableDecl{"s.log": {IgnoreWritesFromTriggers: true}},
		Functions: map[string]FuncDecl{"s.dyn": {Writes: []string{"s.quiet"}}},
	}, []effectCase{
		{"DELETE FROM t WHERE id = 1", "w: t t[id=1] totals totals[tenant=*]"},
		{"INSERT INTO log (id) VALUES (1)", "w: log log[id=1]"},
	})
}

func TestPostgresPartitionsAndInheritanceInvalidateBothWays(t *testing.T) {
	t.Parallel()
	pgCheck(t, `
CREATE TABLE p (id int, y int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
CREATE TABLE p11 PARTITION OF p1 FOR VALUES FROM (0) TO (5);
CREATE TABLE p2 (id int PRIMARY KEY, y int);
ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (10) TO (20);
CREATE TABLE base (id int PRIMARY KEY);
CREATE TABLE kid () INHERITS (base)`, nil, []effectCase{
		{"SELECT * FROM p WHERE id = 3", "r: p[id=3]"},
		{"INSERT INTO p (id) VALUES (3)", "w: p p[id=3] p1 p1[id=*] p11 p11[id=*] p2 p2[id=*]"},
		{"UPDATE p11 SET y = 1 WHERE id = 3", "w: p p[id=*] p1 p1[id=*] p11 p11[id=3]"},
		{"INSERT INTO base (id) VALUES (1)", "w: base base[id=1]"},
		{"UPDATE base SET id = 2", "w: base base[id=*] kid"},
		{"DELETE FROM kid", "w: base base[id=*] kid"},
		{"ALTER TABLE p DETACH PARTITION p2", "w: everything reason: ddl"},
	})
}

func TestPostgresRulesRewriteWrites(t *testing.T) {
	t.Parallel()
	pgCheck(t, `
CREATE TABLE t (id int PRIMARY KEY);
CREATE TABLE shadow (id int PRIMARY KEY);
CREATE RULE copy AS ON INSERT TO t DO ALSO INSERT INTO shadow VALUES (NEW.id)`, nil, []effectCase{
		{"INSERT INTO t (id) VALUES (1)", "w: shadow shadow[id=*] t t[id=*]"},
		{"DELETE FROM t WHERE id = 1", "w: t t[id=1]"},
	})
}

func TestPostgresFunctionsCountByTheirWorstOverload(t *testing.T) {
	t.Parallel()
	objects := `
CREATE TABLE t (id int PRIMARY KEY, note text);
CREATE TABLE counters (id int PRIMARY KEY, n int);
CREATE TABLE numbered (id int PRIMARY KEY DEFAULT 1, n int);
CREATE FUNCTION pure(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION mixed(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION mixed(text) RETURNS text STABLE LANGUAGE sql AS 'SELECT note FROM t LIMIT 1';
CREATE FUNCTION lower(t) RETURNS text STABLE LANGUAGE sql AS 'SELECT note FROM counters, t LIMIT 1';
CREATE FUNCTION next_number() RETURNS int LANGUAGE sql AS 'UPDATE counters SET n = n + 1 RETURNING n';
CREATE FUNCTION modern() RETURNS int LANGUAGE sql BEGIN ATOMIC UPDATE counters SET n = n + 1 RETURNING n; END;
CREATE FUNCTION state_step(int, int) RETURNS int VOLATILE LANGUAGE sql AS 'SELECT $1';
CREATE AGGREGATE odd_sum(int) (SFUNC = state_step, STYPE = int);
ALTER TABLE numbered ALTER id SET DEFAULT next_number();
CREATE OPERATOR ### (LEFTARG = int, RIGHTARG = int, FUNCTION = state_step);
CREATE FUNCTION counting(int, int) RETURNS int LANGUAGE sql AS 'UPDATE counters SET n = n + 1 RETURNING n';
CREATE OPERATOR @@@ (LEFTARG = int, RIGHTARG = int, FUNCTION = counting);
CREATE VIEW calls AS SELECT mixed(note) FROM t;
CREATE PROCEDURE proc() LANGUAGE plpgsql AS $$ BEGIN DELETE FROM counters; COMMIT; END $$`
	pgCheck(t, objects, nil, []effectCase{
		{"SELECT pure(id) FROM t", "r: t"},
		{"SELECT mixed(id) FROM t", "r: t reason: unknown_function"},
		{"SELECT lower(note) FROM t", "r: t reason: unknown_function"},
		{"SELECT upper(note) FROM t", "r: t"},
		{"SELECT next_number()", "w: counters counters[id=*] reason: unknown_function"},
		{"SELECT modern() FROM t", "r: t w: counters counters[id=*] reason: unknown_function"},
		{"SELECT odd_sum(id) FROM t", "r: t w: everything session reason: unknown_function"},
		{"SELECT no_such_function(id) FROM t", "r: t w: everything session reason: unknown_function"},
		{"SELECT id ### 1 FROM t", "r: t reason: unknown_function"},
		{"SELECT query_to_xml('SELECT 1 @@@ 2', true, true, '')", "w: counters counters[id=*] reason: volatile_function"},
		{`SELECT query_to_xml(E'SELECT 1 \100\100\100 2', true, true, '')`, "w: everything reason: volatile_function"},
		{"SELECT * FROM calls", "r: calls t reason: unknown_function"},
		{"INSERT INTO numbered (n) VALUES (1)", "w: counters counters[id=*] numbered numbered[id=*]"},
		{"CALL proc()", "w: counters counters[id=*] immediate"},
		{"CALL no_such_proc()", "w: everything immediate"},
		{"DO $$ BEGIN INSERT INTO t VALUES (1); END $$", "w: t t[id=*]"},
		{"DO $$ BEGIN EXECUTE 'DROP TABLE t'; END $$", "w: everything immediate session"},
	})
	pgCheck(t, objects, &Declarations{Functions: map[string]FuncDecl{
		"s.mixed":       {Volatility: "stable", Reads: []string{"s.counters"}},
		"s.next_number": {Volatility: "volatile", Writes: []string{"s.t"}},
	}}, []effectCase{
		{"SELECT * FROM calls", "r: calls counters t"},
		{"SELECT next_number()", "w: t t[id=*] reason: unknown_function"},
	})
}

func TestPostgresFunctionsAreCalledAsAttributesToo(t *testing.T) {
	t.Parallel()
	pgCheck(t, `
CREATE TABLE t (id int PRIMARY KEY, n int);
CREATE TABLE log (id int PRIMARY KEY);
CREATE FUNCTION pure(t) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1.n';
CREATE FUNCTION latest(t) RETURNS int STABLE LANGUAGE sql AS 'SELECT max(id) FROM log';
CREATE FUNCTION of_any(anyelement, int DEFAULT 1) RETURNS int STABLE LANGUAGE sql AS 'SELECT max(id) FROM log';
CREATE FUNCTION logs(t) RETURNS int LANGUAGE sql AS 'INSERT INTO log VALUES (1) RETURNING id';
CREATE FUNCTION n(int) RETURNS int STABLE LANGUAGE sql AS 'SELECT max(id) FROM log'`, nil, []effectCase{
		{"SELECT t.n, t.pure FROM t", "r: t"},
		{"SELECT id FROM t WHERE t.latest > 1", "r: t reason: unknown_function"},
		{"SELECT (x).latest FROM (SELECT t AS x FROM t) y", "r: t reason: unknown_function"},
		{"SELECT t.of_any FROM t", "r: t reason: unknown_function"},
		{"SELECT t.logs FROM t", "r: t w: log log[id=*] reason: unknown_function"},
		{"UPDATE t SET n = t.logs WHERE id = 1", "w: log log[id=*] t t[id=1]"},
	})
}

func TestPostgresFunctionsAreImmutableIfTheirBodiesAre(t *testing.T) {
	t.Parallel()
	objects := `
CREATE TABLE t (id int PRIMARY KEY, born date, k text);
CREATE TABLE rates (id int PRIMARY KEY, rate int);
CREATE TYPE kind AS ENUM ('a');
CREATE TABLE kinds (id int PRIMARY KEY, kind kind);
CREATE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT sum(x)::int * 2 FROM generate_series(1, $1) x';
CREATE FUNCTION year(date) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN extract(year FROM $1); END $$;
CREATE FUNCTION rate(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT rate FROM rates WHERE id = $1';
CREATE FUNCTION rate_atomic(int) RETURNS int IMMUTABLE LANGUAGE sql BEGIN ATOMIC SELECT rate FROM rates WHERE id = $1; END;
CREATE FUNCTION rate_of(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ DECLARE r int; BEGIN SELECT rate INTO r FROM rates WHERE id = $1; RETURN r; END $$;
CREATE FUNCTION tenant() RETURNS int IMMUTABLE LANGUAGE sql AS $$ SELECT current_setting('app.tenant')::int $$;
CREATE FUNCTION years(date) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT extract(year FROM age($1))::int';
CREATE FUNCTION number(kind) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT rate FROM rates WHERE id = 1';
CREATE CAST (kind AS int) WITH FUNCTION number(kind);
CREATE FUNCTION rated(int, int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT rate FROM rates WHERE id = $1 + $2';
CREATE OPERATOR #-# (LEFTARG = int, RIGHTARG = int, FUNCTION = rated);
CREATE VIEW rated_view AS SELECT rate(id) FROM t`
	pgCheck(t, objects, nil, []effectCase{
		{"SELECT twice(id), year(born) FROM t", "r: t"},
		{"SELECT rate(id) FROM t", "r: t reason: unknown_function"},
		{"SELECT rate_atomic(id) FROM t", "r: t reason: unknown_function"},
		{"SELECT rate_of(id) FROM t", "r: t reason: unknown_function"},
		{"SELECT * FROM rated_view", "r: rated_view t reason: unknown_function"},
		{"SELECT id FROM t WHERE id = tenant()", "r: t reason: unknown_function"},
		{"SELECT years(born) FROM t", "r: t reason: unknown_function"},
		{"SELECT kind::int FROM kinds", "r: kinds reason: unknown_function"},
		{"SELECT id #-# 1 FROM t", "r: t reason: unknown_function"},
		{"UPDATE t SET born = NULL WHERE rate(id) = 1", "w: t t[id=*]"},
	})
	pgCheck(t, objects, &Declarations{Functions: map[string]FuncDecl{
		"s.rate": {Volatility: "stable", Reads: []string{"s.rates"}},
	}}, []effectCase{{"SELECT rate(id) FROM t", "r: rates t"}})
}

func TestPostgresRowSecurityMayDependOnTheRoleAlone(t *testing.T) {
	t.Parallel()
	pgCheck(t, `
CREATE TABLE by_role (id int PRIMARY KEY, owner text);
CREATE TABLE by_setting (id int PRIMARY KEY, tenant int);
CREATE TABLE by_table (id int PRIMARY KEY);
CREATE TABLE members (who text, id int);
CREATE TABLE by_function (id int PRIMARY KEY);
CREATE TABLE off (id int PRIMARY KEY);
CREATE FUNCTION allowed(int) RETURNS bool STABLE LANGUAGE sql AS 'SELECT EXISTS (SELECT 1 FROM members WHERE id = $1)';
ALTER TABLE by_role ENABLE ROW LEVEL SECURITY;
ALTER TABLE by_setting ENABLE ROW LEVEL SECURITY;
ALTER TABLE by_table ENABLE ROW LEVEL SECURITY;
ALTER TABLE by_function ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON by_role USING (owner = CURRENT_USER);
CREATE POLICY p ON by_setting USING (tenant = current_setting('app.tenant')::int);
CREATE POLICY p ON by_table USING (EXISTS (SELECT 1 FROM members m WHERE m.id = by_table.id AND m.who = CURRENT_USER));
CREATE POLICY p ON by_function USING (allowed(id));
CREATE POLICY w ON by_role FOR INSERT WITH CHECK (owner = current_setting('app.owner'));
CREATE POLICY p ON off USING (id = current_setting('app.id')::int)`, nil, []effectCase{
		{"SELECT * FROM by_role WHERE id = 1", "r: by_role[id=1]"},
		{"SELECT * FROM by_setting WHERE id = 1", "r: by_setting[id=1] reason: row_security"},
		{"SELECT * FROM by_table WHERE id = 1", "r: by_table[id=1] members"},
		{"SELECT * FROM by_function", "r: by_function reason: row_security"},
		{"SELECT * FROM off", "r: off"},
	})
}

func TestPostgresNamesResolveAlongTheSearchPath(t *testing.T) {
	t.Parallel()
	db := server(t, "pgx", pgVariable)
	one := scratch()
	two := one + "b"
	mustExec(t, db, strings.NewReplacer("{1}", one, "{2}", two).Replace(`
CREATE SCHEMA {1}; CREATE SCHEMA {2};
CREATE TABLE {1}.users (id int PRIMARY KEY); CREATE TABLE {2}.users (id int PRIMARY KEY);
CREATE TABLE {2}.pg_class (id int); CREATE TABLE {2}."Users" (id int); CREATE TABLE {2}.only_two (id int)`))
	t.Cleanup(func() { db.Exec("DROP SCHEMA " + one + " CASCADE; DROP SCHEMA " + two + " CASCADE") })
	c := mustLoad(t, sqlparse.Postgres, db)

	at := func(path ...string) Session { return Session{SearchPath: path, Known: true} }
	for _, tc := range []struct {
		s          Session
		text, want string
	}{
		{at(one, two), "SELECT * FROM users", "r: {1}.users"},
		{at(two, one), "SELECT * FROM users", "r: {2}.users"},
		{at(one, two), "SELECT * FROM only_two", "r: {2}.only_two"},
		{at(one), "SELECT * FROM only_two", "reason: unknown_relation"},
		{at(one), `SELECT * FROM {2}."Users"`, "r: {2}.users"},
		{at(two), "SELECT * FROM pg_class", "r: pg_catalog.pg_class reason: system_catalog"},
		{Session{}, "SELECT * FROM {1}.users", "r: {1}.users"},
		{at(one, two), "INSERT INTO missing VALUES (1)", "w: {1}.missing {2}.missing"},
		{at(two, one), "SELECT * FROM pg_temp.users", "reason: temp_table"},
		{Session{SearchPath: []string{one}, Known: true, TempTables: map[string]struct{}{"users": {}}}, "SELECT * FROM users", "reason: temp_table"},
	} {
		fill := strings.NewReplacer("{1}", one, "{2}", two)
		st := sqlparse.Parse(sqlparse.Postgres, fill.Replace(tc.text))
		if got, want := describe(c.Effects(st, tc.s, nil), ""), fill.Replace(tc.want); got != want {
			t.Errorf("%s under %v\n got  %s\n want %s", st.Text, tc.s.SearchPath, got, want)
		}
	}

	e := c.Effects(sqlparse.Parse(sqlparse.Postgres, "DELETE FROM users"), Session{}, nil)
	for _, schema := range []string{one, two} {
		if !strings.Contains(describe(e, ""), schema+".users ") {
			t.Errorf("an unknown search_path writes %s, want %s.users too", describe(e, ""), schema)
		}
	}
	if e := c.Effects(sqlparse.Parse(sqlparse.Postgres, "SELECT * FROM users"), Session{}, nil); e.Reason.String() != "session_state" {
		t.Errorf("a read under an unknown search_path has reason %q, want session_state", e.Reason)
	}
}

func TestPostgresRedefinitionShowsAfterLoadingAgain(t *testing.T) {
	t.Parallel()
	db := server(t, "pgx", pgVariable)
	schema := scratch()
	mustExec(t, db, "CREATE SCHEMA "+schema+"; CREATE TABLE "+schema+".t (id int PRIMARY KEY)")
	t.Cleanup(func() { db.Exec("DROP SCHEMA " + schema + " CASCADE") })
	s := Session{SearchPath: []string{schema}, Known: true}
	define := "CREATE OR REPLACE FUNCTION " + schema + ".f(int) RETURNS int LANGUAGE sql AS 'SELECT $1' "
	for volatility, want := range map[string]string{"IMMUTABLE": "r: t", "VOLATILE": "r: t reason: unknown_function"} {
		mustExec(t, db, define+volatility)
		checkEffects(t, mustLoad(t, sqlparse.Postgres, db), s, nil, schema+".", []effectCase{{"SELECT f(id) FROM t", want}})
	}
}

func TestPostgresCatalogNeedsNoPrivileges(t *testing.T) {
	t.Parallel()
	admin := server(t, "pgx", pgVariable)
	schema, role := scratch(), scratch()
	mustExec(t, admin, strings.NewReplacer("{s}", schema, "{r}", role).Replace(`
CREATE SCHEMA {s};
CREATE TABLE {s}.a (id int PRIMARY KEY);
CREATE TABLE {s}.b (id int PRIMARY KEY, a int REFERENCES {s}.a ON DELETE CASCADE);
CREATE VIEW {s}.v AS SELECT * FROM {s}.a;
CREATE FUNCTION {s}.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM {s}.b; RETURN NULL; END $$;
CREATE TRIGGER t AFTER INSERT ON {s}.a FOR EACH STATEMENT EXECUTE FUNCTION {s}.f();
CREATE ROLE {r} LOGIN PASSWORD 'secret'`))
	t.Cleanup(func() { admin.Exec("DROP SCHEMA " + schema + " CASCADE; DROP ROLE " + role) })
	u, err := url.Parse(os.Getenv(pgVariable))
	if err != nil || u.Scheme == "" {
		t.Skip("the DSN is not a URL: NOT TESTED as another role")
	}
	u.User = url.UserPassword(role, "secret")
	db, err := sql.Open("pgx", u.String())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Ping(); err != nil {
		t.Fatalf("cannot log in as %s: %v", role, err)
	}
	c := mustLoad(t, sqlparse.Postgres, db)
	checkEffects(t, c, Session{SearchPath: []string{schema}, Known: true}, nil, schema+".", []effectCase{
		{"DELETE FROM a WHERE id = 1", "w: a a[id=1] b b[id=*]"},
		{"INSERT INTO a (id) VALUES (1)", "w: a a[id=1] b b[id=*]"},
		{"SELECT * FROM v", "r: a v"},
	})
}

// TestPostgresLoadsAThousandTablesQuickly logs what a load costs; it fails
// only far beyond the goal of 100 ms, since the machine may be busy.
func TestPostgresLoadsAThousandTablesQuickly(t *testing.T) {
	db := server(t, "pgx", pgVariable)
	schema := scratch()
	mustExec(t, db, "CREATE SCHEMA "+schema)
	t.Cleanup(func() {
		for i := range 10 { // one transaction would hold too many locks
			db.Exec(strings.NewReplacer("{s}", schema, "{i}", string(rune('0'+i))).Replace(`DO $$ DECLARE r record; BEGIN
FOR r IN SELECT relname FROM pg_class WHERE relnamespace = '{s}'::regnamespace AND relkind = 'r' AND relname LIKE '%{i}' LOOP
EXECUTE 'DROP TABLE {s}.' || r.relname || ' CASCADE'; END LOOP; END $$`))
		}
		db.Exec("DROP SCHEMA " + schema + " CASCADE")
	})
	for range 10 {
		mustExec(t, db, strings.ReplaceAll(`DO $$ DECLARE n int; BEGIN
SELECT count(*) INTO n FROM pg_class WHERE relnamespace = '{s}'::regnamespace AND relkind = 'r';
FOR i IN n..n+99 LOOP
EXECUTE format('CREATE TABLE {s}.t%s (id bigserial PRIMARY KEY, tenant int NOT NULL, name text UNIQUE, up bigint, a int, b int, c int, d text, e text, f timestamptz, g timestamptz, h jsonb, i numeric, j uuid, k text)', i);
IF i > 0 THEN EXECUTE format('ALTER TABLE {s}.t%s ADD FOREIGN KEY (up) REFERENCES {s}.t%s ON DELETE CASCADE', i, i / 10); END IF;
IF i % 10 = 0 THEN EXECUTE format('CREATE VIEW {s}.v%s AS SELECT * FROM {s}.t%s WHERE a > 5', i, i); END IF;
END LOOP; END $$`, "{s}", schema))
	}
	best := time.Hour
	for range 5 {
		start := time.Now()
		mustLoad(t, sqlparse.Postgres, db)
		best = min(best, time.Since(start))
	}
	t.Logf("1,000 tables, 100 views, 999 foreign keys: %v", best)
	if best > 2*time.Second {
		t.Errorf("a load takes %v", best)
	}
}

// explainer asks for the estimated cost of each query before it runs it.
type explainer struct {
	dbQuerier
	cost func(query, plan string)
}

func (q explainer) Query(ctx context.Context, query string, columns int) ([][]Text, error) {
	plan, err := q.dbQuerier.Query(ctx, "EXPLAIN "+query, 1)
	if err != nil {
		return nil, err
	}
	q.cost(query, plan[0][0].S)
	return q.dbQuerier.Query(ctx, query, columns)
}

// A query that is estimated at jit_above_cost is compiled first, which takes
// longer than all of the catalog of a small database.
func TestPostgresCompilesNoQueryOfTheCatalogOfASmallDatabase(t *testing.T) {
	t.Parallel()
	const compiledAbove = 100000 // PostgreSQL's default
	asked := 0
	cost := func(query, plan string) {
		asked++
		var from, to float64
		_, rest, _ := strings.Cut(plan, "(cost=")
		if _, err := fmt.Sscanf(rest, "%f..%f", &from, &to); err != nil || to > compiledAbove/2 {
			t.Errorf("%s for %s", plan, query)
		}
	}
	q := explainer{dbQuerier{server(t, "pgx", pgVariable)}, cost}
	for _, apart := range []bool{false, true} {
		if _, err := load(t.Context(), sqlparse.Postgres, q, apart); err != nil {
			t.Fatal(err)
		}
	}
	if asked < 10 {
		t.Errorf("%d queries", asked)
	}
}

// counter counts questions, and refuses those that are too long.
type counter struct {
	dbQuerier
	asked, longest int
}

func (q *counter) Query(ctx context.Context, query string, columns int) ([][]Text, error) {
	q.asked++
	if q.longest > 0 && len(query) > q.longest {
		return nil, errors.New("too long")
	}
	return q.dbQuerier.Query(ctx, query, columns)
}

// A process that starts, a test that makes its database anew, waits for the
// round trips of a load more than for the server.
func TestPostgresSmallDatabaseIsReadInTwoQuestions(t *testing.T) {
	db := server(t, "pgx", pgVariable)
	name := scratch()
	mustExec(t, db, "CREATE DATABASE "+name)
	t.Cleanup(func() { _, _ = db.Exec("DROP DATABASE " + name + " WITH (FORCE)") })
	config, err := pgx.ParseConfig(os.Getenv(pgVariable))
	if err != nil {
		t.Fatal(err)
	}
	config.Database = name
	small := stdlib.OpenDB(*config)
	t.Cleanup(func() { _ = small.Close() })
	mustExec(t, small, "CREATE TABLE a (id BIGINT PRIMARY KEY, up BIGINT REFERENCES a ON DELETE CASCADE, n INT)")
	for _, tt := range []struct {
		name            string
		longest, atMost int
	}{{"together", 0, 2}, {"where that is too much, in parts", 6000, 13}} {
		q := &counter{dbQuerier: dbQuerier{small}, longest: tt.longest}
		c, err := Load(t.Context(), sqlparse.Postgres, q)
		if err != nil {
			t.Fatal(err)
		}
		if q.asked > tt.atMost {
			t.Errorf("%s: %d questions, want at most %d", tt.name, q.asked, tt.atMost)
		}
		checkEffects(t, c, Session{SearchPath: []string{"public"}, Known: true}, nil, "public.", []effectCase{
			{"SELECT n FROM a WHERE id = 1", "r: a[id=1]"}, {"DELETE FROM a WHERE id = 1", "w: a a[id=*]"},
		})
	}
}

func TestPostgresFunctionsAreImmutableIfWhatTheyCallIs(t *testing.T) {
	t.Parallel()
	pgCheck(t, `
CREATE EXTENSION unaccent;
CREATE EXTENSION "uuid-ossp";
CREATE TABLE t (id int PRIMARY KEY, n int);
CREATE TABLE rates (id int PRIMARY KEY, rate int);
CREATE TABLE log (id int PRIMARY KEY);
CREATE FUNCTION stable_rate(int) RETURNS int STABLE LANGUAGE sql AS 'SELECT rate FROM rates WHERE id = $1';
CREATE FUNCTION fixed(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT rate FROM rates WHERE id = $1';
CREATE FUNCTION by_stable(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT stable_rate($1)';
CREATE FUNCTION by_fixed(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT fixed($1)';
CREATE FUNCTION by_by(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN by_fixed($1) + 1; END';
CREATE FUNCTION plus(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1';
CREATE FUNCTION by_plus(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT plus(abs($1))';
CREATE FUNCTION f_unaccent(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT unaccent('unaccent', $1) $$;
CREATE FUNCTION by_chance() RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT uuid_generate_v4()::text $$;
CREATE FUNCTION noted() RETURNS int VOLATILE LANGUAGE sql AS 'INSERT INTO log VALUES (1) RETURNING 1';
CREATE FUNCTION since(a int, b timestamptz DEFAULT now()) RETURNS timestamptz IMMUTABLE LANGUAGE sql AS 'SELECT b';
CREATE FUNCTION since_word(a text DEFAULT 'now') RETURNS date IMMUTABLE LANGUAGE sql AS 'SELECT a::date';
CREATE FUNCTION whose(a int, b text DEFAULT current_user) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT b';
CREATE FUNCTION rated(a int, b int DEFAULT stable_rate(1)) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT a + b';
CREATE FUNCTION noting(a int DEFAULT noted()) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT a';
CREATE FUNCTION stepped(a int, by int DEFAULT abs(-1), how text DEFAULT 'up') RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT a + by';
CREATE VIEW through AS SELECT since(n) FROM t;
CREATE VIEW inside AS SELECT by_stable(n) FROM t`, nil, []effectCase{
		{"SELECT by_stable(n) FROM t", "r: t reason: unknown_function"},
		{"SELECT by_fixed(n) FROM t", "r: t reason: unknown_function"},
		{"SELECT by_by(n) FROM t", "r: t reason: unknown_function"},
		{"SELECT by_plus(n) FROM t", "r: t"},
		{"SELECT f_unaccent('x') FROM t", "r: t"},
		{"SELECT by_chance() FROM t", "r: t reason: unknown_function"},
		{"SELECT since(n) FROM t", "r: t reason: unknown_function"},
		{"SELECT since_word() FROM t", "r: t reason: unknown_function"},
		{"SELECT whose(n) FROM t", "r: t reason: unknown_function"},
		{"SELECT rated(n) FROM t", "r: t reason: unknown_function"},
		{"SELECT noting() FROM t", "r: t w: log log[id=*] reason: unknown_function"},
		{"SELECT stepped(n) FROM t", "r: t"},
		{"SELECT * FROM through", "r: t through reason: unknown_function"},
		{"SELECT * FROM inside", "r: inside t reason: unknown_function"},
	})
}
