package cachedsql_test

import (
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

// sessionChanges are statements after which a read means something else on the
// connection they ran on.
var sessionChanges = []struct {
	name  string
	on    int
	setup []string // through the bare handle
	set   []string // on the connection
	read  string
	reset string // where the state can be undone by one statement
}{
	{"search_path", pg, tenants, []string{"SET search_path = tenant"}, "SELECT price FROM items", "RESET search_path"},
	{"search_path by reset all", pg, tenants, []string{"SET search_path = tenant"}, "SELECT price FROM items", "RESET ALL"},
	{"search_path by discard all", pg, tenants, []string{"SET search_path = tenant"}, "SELECT price FROM items", "DISCARD ALL"},
	{"search_path in a select", pg, tenants, []string{"SELECT set_config('search_path', 'tenant', false)"}, "SELECT price FROM items", "SELECT set_config('search_path', 'public', false)"},
	{"search_path by a computed name", pg, tenants, []string{"SELECT set_config('search' || '_path', 'tenant', false)"}, "SELECT price FROM items", "RESET search_path"},
	{"search_path in a do block", pg, tenants, []string{"DO $$ BEGIN SET search_path = tenant; END $$"}, "SELECT price FROM items", "RESET search_path"},
	{
		"search_path in a function", pg, append([]string{"CREATE FUNCTION public.enter() RETURNS void LANGUAGE plpgsql AS $$ BEGIN SET search_path = tenant, public; END $$"}, tenants...),
		[]string{"SELECT enter()"},
		"SELECT price FROM items", "RESET search_path",
	},
	{
		"search_path in a text that a function executes", pg, append([]string{"CREATE FUNCTION public.move(TEXT) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('SET search_path = %I, public', $1); END $$"}, tenants...),
		[]string{"SELECT move('tenant')"},
		"SELECT price FROM items", "RESET search_path",
	},
	{
		"search_path behind an UPDATE in a text that a function executes", pg, append([]string{"CREATE FUNCTION public.behind() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'UPDATE public.other SET n = 1; SET search_path = tenant'; END $$"}, tenants...),
		[]string{"SELECT behind()"},
		"SELECT price FROM items", "RESET search_path",
	},
	{
		"search_path in an INSERT in a text that a function executes", pg, append([]string{"CREATE FUNCTION public.within() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'INSERT INTO public.other SELECT 99, length(set_config(''search_path'', ''tenant'', false))'; END $$"}, tenants...),
		[]string{"SELECT within()"},
		"SELECT price FROM items", "RESET search_path",
	},
	{
		"search_path in a text that a trigger executes", pg, append([]string{
			"CREATE FUNCTION public.moved() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE t TEXT = 'SET search_path = tenant'; BEGIN EXECUTE t; RETURN NEW; END $$",
			"CREATE TRIGGER moved BEFORE INSERT ON other FOR EACH ROW EXECUTE FUNCTION public.moved()",
		}, tenants...),
		[]string{"INSERT INTO other VALUES (9, 9)"},
		"SELECT price FROM items", "DROP FUNCTION public.moved CASCADE; RESET search_path",
	},
	{
		"search_path in a function called stable", pg, append([]string{"CREATE FUNCTION public.stays() RETURNS TEXT STABLE LANGUAGE sql AS $$ SELECT set_config('search_path', 'tenant', false) $$"}, tenants...),
		[]string{"SELECT stays()"},
		"SELECT price FROM items", "RESET search_path",
	},
	{
		"search_path in a view", pg, append([]string{"CREATE VIEW public.entered AS SELECT set_config('search_path', 'tenant', false)"}, tenants...),
		[]string{"SELECT * FROM entered"},
		"SELECT price FROM items", "RESET search_path",
	},
	{"search_path in a text with others", pg, tenants, []string{"SET search_path = tenant; UPDATE public.other SET n = 1"}, "SELECT price FROM items", "RESET search_path"},
	{"search_path for a transaction", pg, tenants, []string{"BEGIN", "SET LOCAL search_path = tenant", "SELECT price FROM items", "COMMIT"}, "SELECT price FROM items", ""},
	{"search_path undone by rollback", pg, tenants, []string{"BEGIN", "SET search_path = tenant", "SELECT price FROM items", "ROLLBACK"}, "SELECT price FROM items", ""},
	{"search_path through pg_settings", pg, tenants, []string{"UPDATE pg_settings SET setting = 'tenant' WHERE name = 'search_path'"}, "SELECT price FROM items", "RESET search_path"},
	{"time zone", pg, times, []string{"SET TIME ZONE 'Asia/Tokyo'"}, "SELECT at::text FROM times", "RESET TimeZone"},
	{"date style", pg, times, []string{"SET datestyle = 'SQL, DMY'"}, "SELECT at::text FROM times", "RESET datestyle"},
	{"bytea output", pg, []string{"CREATE TABLE bytes (b BYTEA)", "INSERT INTO bytes VALUES ('\\x00ff')"}, []string{"SET bytea_output = escape"}, "SELECT b::text FROM bytes", "RESET bytea_output"},
	{"temporary table", pg | my, nil, []string{"CREATE TEMPORARY TABLE items (id INTEGER, name VARCHAR(100), price INTEGER)"}, allItems, "DROP TABLE items"},
	{"temporary table that is renamed", pg | my, nil, []string{"CREATE TEMPORARY TABLE aside (id INTEGER, name VARCHAR(100), price INTEGER)", allItems, "ALTER TABLE aside RENAME TO items"}, allItems, "DROP TABLE items"},
	{"temporary view that is renamed", pg, nil, []string{"CREATE TEMPORARY VIEW aside AS SELECT 1 AS id, 'x'::VARCHAR(100) AS name, 7 AS price", "ALTER VIEW aside RENAME TO items"}, allItems, "DROP VIEW items"},
	{"temporary table renamed by itself", maria, nil, []string{"CREATE TEMPORARY TABLE aside (id INTEGER, name VARCHAR(100), price INTEGER)", allItems, "RENAME TABLE aside TO items"}, allItems, "DROP TABLE items"},
	{"temporary table in a do block", pg, nil, []string{"DO $$ BEGIN CREATE TEMP TABLE items AS SELECT id, name, 7 AS price FROM public.items; END $$"}, allItems, "DROP TABLE items"},
	{"temporary table dropped at commit", pg, nil, []string{"BEGIN", "CREATE TEMP TABLE items (price INTEGER) ON COMMIT DROP", "SELECT price FROM items", "COMMIT"}, allItems, ""},
	{"row security by role", pg, policies("tenant = current_user"), []string{"SET ROLE cachedsql_test_other"}, "SELECT v FROM owned", "RESET ROLE"},
	{"row security by setting", pg, policies("tenant = current_setting('app.tenant', true)"), []string{"SET ROLE cachedsql_test_other", "SET app.tenant = 'x'"}, "SELECT v FROM owned", "SET app.tenant = 'y'"},
	{"row security by a computed setting", pg, policies("tenant = current_setting('app.tenant', true)"), []string{"SET ROLE cachedsql_test_other", "SELECT set_config('app.' || 'tenant', 'x', false)"}, "SELECT v FROM owned", "SELECT set_config('app.' || 'tenant', 'y', false)"},
	{
		"row security through a view", pg, append(policies("tenant = current_setting('app.tenant', true)"), "ALTER TABLE owned OWNER TO cachedsql_test_other", "ALTER TABLE owned FORCE ROW LEVEL SECURITY", "CREATE VIEW seen AS SELECT v FROM owned", "ALTER VIEW seen OWNER TO cachedsql_test_other"),
		[]string{"SET app.tenant = 'x'"},
		"SELECT v FROM seen", "SET app.tenant = 'y'",
	},

	{"use", my, otherDatabase, []string{"USE " + secondDatabase}, "SELECT price FROM items", ""},
	{"time zone", my, times, []string{"SET time_zone = '+09:00'"}, "SELECT CAST(at AS CHAR) FROM times", "SET time_zone = '+00:00'"},
	{"time zone for one statement", my, times, []string{"SET STATEMENT time_zone = '+09:00' FOR SELECT CAST(at AS CHAR) FROM times"}, "SELECT CAST(at AS CHAR) FROM times", ""},
	{"pipes", my, nil, []string{"SET sql_mode = 'PIPES_AS_CONCAT'"}, "SELECT name || 'x' FROM items", "SET sql_mode = ''"},
	{"double quotes", my, nil, []string{"SET sql_mode = 'ANSI_QUOTES'"}, `SELECT "name" FROM items`, "SET sql_mode = ''"},
	{"oracle", my, nil, []string{"SET sql_mode = ORACLE"}, `SELECT "name" FROM items`, "SET sql_mode = ''"},
	{"backslashes", my, nil, []string{"SET sql_mode = 'NO_BACKSLASH_ESCAPES'"}, `SELECT length('\\') FROM items`, "SET sql_mode = ''"},
	{"group_concat_max_len", my, nil, []string{"SET group_concat_max_len = 6"}, "SELECT group_concat(name ORDER BY id) FROM items", "SET group_concat_max_len = 1000"},
	{"sql_select_limit", my, nil, []string{"SET sql_select_limit = 1"}, allItems, "SET sql_select_limit = DEFAULT"},
	{"div_precision_increment", my, nil, []string{"SET @@session.div_precision_increment = 1"}, "SELECT price / 7 FROM items", "SET div_precision_increment = 4"},
	{"language", my, times, []string{"SET lc_time_names = 'de_DE'"}, "SELECT date_format(at, '%M') FROM times", "SET lc_time_names = 'en_US'"},
	{"user variable", my, nil, []string{"SET @x = 5"}, "SELECT price + @x FROM items", "SET @x = 6"},
	{"set by a procedure", my, []string{"CREATE PROCEDURE enter_tokyo() SET time_zone = '+09:00'", times[0], times[1]}, []string{"CALL enter_tokyo()"}, "SELECT CAST(at AS CHAR) FROM times", ""},
	{"set by a prepared text", my, times, []string{"PREPARE s FROM 'SET time_zone = ''+09:00'''", "EXECUTE s"}, "SELECT CAST(at AS CHAR) FROM times", ""},
	{
		"set by a function, not first", my, append([]string{"CREATE FUNCTION enter_later() RETURNS INTEGER BEGIN DECLARE n INTEGER; SET n = 1, time_zone = '+09:00'; RETURN n; END"}, times...),
		[]string{"SELECT enter_later()"},
		"SELECT CAST(at AS CHAR) FROM times", "",
	},
	{
		"history by a trigger", maria,
		[]string{
			"CREATE TABLE aged (n INTEGER) WITH SYSTEM VERSIONING", "INSERT INTO aged VALUES (1)",
			"CREATE TRIGGER to_the_past BEFORE INSERT ON other FOR EACH ROW SET NEW.n = 1, system_versioning_asof = '2020-01-01'",
		},
		[]string{"INSERT INTO other VALUES (9, 9)"},
		"SELECT n FROM aged", "",
	},
	{"temporary table by a procedure", my, []string{"CREATE PROCEDURE shadow() CREATE TEMPORARY TABLE items SELECT 1 AS id, 'x' AS name, 7 AS price"}, []string{"CALL shadow()"}, allItems, ""},
	{"read uncommitted", my, nil, []string{"SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED"}, allItems, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"},
}

var tenants = []string{"CREATE SCHEMA tenant", "CREATE TABLE tenant.items AS SELECT id, name, 1 AS price FROM public.items"}

var times = []string{"CREATE TABLE times (at TIMESTAMP)", "INSERT INTO times VALUES ('2026-03-04 05:06:07')"}

var secondDatabase = databaseName()

var otherDatabase = []string{"CREATE DATABASE " + secondDatabase, "CREATE TABLE " + secondDatabase + ".items AS SELECT id, name, 1 AS price FROM items"}

// policies makes a table in which a tenant sees its own rows.
func policies(using string) []string {
	return []string{
		"CREATE TABLE owned (v INTEGER, tenant TEXT)", "INSERT INTO owned VALUES (1, 'x'), (2, 'y'), (3, 'cachedsql_test_other')",
		"ALTER TABLE owned ENABLE ROW LEVEL SECURITY", "CREATE POLICY own ON owned USING (" + using + ")",
		"GRANT SELECT ON owned TO cachedsql_test_other",
	}
}

func TestStateOfASessionDoesNotLeakToOthers(t *testing.T) {
	inPairs(t, func(p *pair) {
		p.prepareForSessions()
		for _, tc := range sessionChanges {
			if !p.isOn(tc.on) {
				continue
			}
			p.run(tc.name, func(p *pair) {
				p.cleanUp(p.dialect)
				p.exec(p.bare, tc.setup...)
				p.a.db.SetMaxOpenConns(1)
				p.b.warm(allItems) // the catalog is known then
				p.b.read(tc.read)
				p.b.read(tc.read)
				p.wantOwn(p.a.db, "before", tc.read)
				for _, s := range tc.set {
					answer(p.Context(), p.a.db, s)
				}
				// The pool hands the one connection to another goroutine.
				var wg sync.WaitGroup
				wg.Go(func() { p.wantOwn(p.a.db, "after it was changed", tc.read) })
				wg.Wait()
				p.wantOwn(p.b.db, "in another session", tc.read)
				if tc.reset != "" {
					answer(p.Context(), p.a.db, tc.reset)
					for _, q := range []string{tc.read, "/* cachedsql: bypass */ " + tc.read} {
						answer(p.Context(), p.a.db, q) // after DISCARD ALL pgx notices only now that its prepared statements are gone
					}
					p.wantOwn(p.a.db, "after it was reset", tc.read)
				}
			})
		}
	})
}

// wantOwn compares a read, three times, with what the same connection answers
// when the cache is told to keep out.
func (p *pair) wantOwn(db *sql.DB, when, query string) {
	p.Helper()
	want := answer(p.Context(), db, "/* cachedsql: bypass */ "+query)
	for range 3 {
		if got := answer(p.Context(), db, query); got != want {
			p.Errorf("%s: %s: got %q, want %q", when, query, got, want)
		}
	}
}

// prepareForSessions makes the role that sessions change to.
func (p *pair) prepareForSessions() {
	if p.dialect == cachedsql.Postgres {
		p.exec(p.bare, "DO $$ BEGIN CREATE ROLE cachedsql_test_other; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$")
		p.exec(p.bare, "GRANT cachedsql_test_other TO current_user")
	}
}

// cleanUp removes what a part before may have made.
func (p *pair) cleanUp(d cachedsql.Dialect) {
	if d == cachedsql.Postgres {
		p.exec(p.bare, "DROP SCHEMA IF EXISTS tenant CASCADE", "DROP TABLE IF EXISTS times, bytes, owned CASCADE", "DROP FUNCTION IF EXISTS enter, move, stays, behind, within", "DROP VIEW IF EXISTS entered")
		return
	}
	p.exec(p.bare, "DROP TABLE IF EXISTS times", "DROP PROCEDURE IF EXISTS enter_tokyo")
	p.Cleanup(func() { _, _ = p.bare.Exec("DROP DATABASE IF EXISTS " + secondDatabase) })
}

// hidden are texts that hold a write where a session reads them otherwise than
// the rest of the world.
func TestWriteInATextThatOnlyThisSessionReadsThatWay(t *testing.T) {
	inPairs(t, func(p *pair) {
		set, text := "SET standard_conforming_strings = off", `SELECT '\' , '; UPDATE items SET price = 77; -- '`
		if p.dialect == cachedsql.MySQL {
			set, text = "SET sql_mode = 'NO_BACKSLASH_ESCAPES'", `SELECT '\'; UPDATE items SET price = 77; -- '`
		}
		for _, first := range []string{"", "BEGIN"} {
			p.run("after "+first, func(p *pair) {
				p.b.warm(allItems)
				c := p.conn(p.a.db)
				p.exec(c, set)
				if first != "" {
					p.exec(c, first)
				}
				p.exec(c, text)
				if first != "" {
					p.b.read(allItems)
					p.exec(c, "COMMIT")
				}
				p.wantFresh(allItems)
			})
		}
	})
}

// pgx goes on using what the server has forgotten by then, and so does the
// cache with its questions.
func TestCachingGoesOnWhenPreparedStatementsAreForgotten(t *testing.T) {
	inPairs(t, func(p *pair) {
		if p.dialect != cachedsql.Postgres {
			p.Skip("MySQL's driver keeps no statements by text")
		}
		for _, forget := range []string{"DISCARD ALL", "DEALLOCATE ALL"} {
			p.run(forget, func(p *pair) {
				p.b.warm(allItems)
				c := p.conn(p.b.db)
				answer(p.Context(), c, allItems)
				p.exec(c, forget, "SET work_mem = '5MB'") // the state is asked for again
				if got := answer(p.Context(), c, allItems); p.b.rec.LastRead() != "hit" {
					p.Errorf("got %q (%s), want a hit", got, p.b.rec.LastRead())
				}
				p.exec(p.b.db, "CREATE TABLE later (id INTEGER)", "DROP TABLE later") // the catalog, too
				p.b.warm(allItems)
				p.wantFresh(allItems)
			})
		}
	})
}

// What MariaDB knows and no parser here, is read from the database and ends
// nothing.
func TestQueryThatNobodyCanParseDoesNotEndCaching(t *testing.T) {
	inPairs(t, func(p *pair) {
		if !p.isOn(maria) {
			p.Skip("the texts are MariaDB's")
		}
		p.exec(p.bare, "CREATE TABLE aged (id INTEGER PRIMARY KEY, n INTEGER) WITH SYSTEM VERSIONING", "INSERT INTO aged VALUES (1, 1)", "INSERT INTO other VALUES (1, 0)",
			"CREATE FUNCTION bumped() RETURNS INTEGER MODIFIES SQL DATA BEGIN UPDATE other SET n = n + 1; RETURN 1; END", "CREATE VIEW bumps AS SELECT bumped() AS x FROM aged")
		const count = "SELECT n FROM other WHERE id = 1"
		c := p.conn(p.b.db)
		for _, read := range []string{
			"SELECT n FROM aged FOR SYSTEM_TIME AS OF NOW(6)", "SELECT /*! SQL_NO_CACHE */ n FROM aged FOR SYSTEM_TIME BETWEEN '2020-01-01' AND NOW(6)",
			"SELECT /*!50000 n */ FROM aged FOR SYSTEM_TIME AS OF NOW(6) AS old", "SELECT x FROM bumps FOR SYSTEM_TIME AS OF NOW(6)", "SELECT /*!99999 x, */ x FROM bumps",
		} {
			p.b.warm(allItems)
			p.b.warm(count)
			for range 2 {
				want, got := answer(p.Context(), p.bare, read), answer(p.Context(), c, read)
				if did := p.b.rec.LastRead(); got != want || did == "hit" {
					p.Errorf("%s: got %q (%s), want %q", read, got, did, want)
				}
				p.wantFresh(count)
			}
			answer(p.Context(), c, allItems)
			if answer(p.Context(), c, allItems); p.b.rec.LastRead() != "hit" {
				p.Errorf("after %s: %s, want a hit", read, p.b.rec.LastRead())
			}
		}
		for _, ends := range []string{"/*! SET */ /*! sql_select_limit = 1 */", "/*!99999 SELECT */ BEGIN", "BEGIN NOT ATOMIC SELECT 1; SET sql_select_limit = 1; END"} {
			c := p.conn(p.b.db)
			answer(p.Context(), c, ends)
			answer(p.Context(), c, allItems)
			if got := answer(p.Context(), c, allItems); p.b.rec.LastRead() == "hit" {
				p.Errorf("after %s: got %q from the cache", ends, got)
			}
		}
	})
}

// An application has often one connection to SQLite, and its migrations ask it
// for the columns of tables.
func TestPragmaThatChangesNoResultDoesNotEndCaching(t *testing.T) {
	t.Parallel()
	const read = "SELECT name FROM asked WHERE id = 1"
	for pragma, want := range map[string]string{
		"PRAGMA table_info(asked)": "hit", "PRAGMA main.table_xinfo('asked')": "hit", "PRAGMA index_list = asked": "hit", "PRAGMA foreign_key_list(asked)": "hit",
		"PRAGMA integrity_check(asked)": "hit", "PRAGMA query_only = ON": "hit", "PRAGMA recursive_triggers(1)": "hit",
		"PRAGMA reverse_unordered_selects = 1": "bypass session_state", "PRAGMA full_column_names = 1": "bypass session_state",
		"PRAGMA read_uncommitted = 1": "bypass session_state",
	} {
		db, rec := cachedsqltest.OpenDB(t, sqliteConnector(t), cachedsqltest.Everything)
		db.SetMaxOpenConns(1)
		runOn(t, db, "CREATE TABLE asked (id INTEGER PRIMARY KEY, name TEXT)")
		runOn(t, db, "INSERT INTO asked VALUES (1, 'one')")
		answer(t.Context(), db, pragma)
		answer(t.Context(), db, read)
		if got, did := answer(t.Context(), db, read), rec.LastRead(); did != want {
			t.Errorf("after %s: got %q (%s), want %s", pragma, got, did, want)
		}
	}
}

func TestOneTransactionsIsolationLevelIsNotSpentByTheCache(t *testing.T) {
	inPairs(t, func(p *pair) {
		if p.dialect != cachedsql.MySQL {
			p.Skip("SET TRANSACTION outside of a transaction does nothing on PostgreSQL")
		}
		for _, set := range []string{"SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED", "SET @@VARIABLE = 'READ-UNCOMMITTED'"} {
			variable := "transaction_isolation"
			if p.isOn(maria) {
				variable = "tx_isolation"
			}
			set = strings.ReplaceAll(set, "VARIABLE", variable)
			p.run(set, func(p *pair) {
				writer, err := p.bare.Begin()
				if err != nil {
					p.Fatal(err)
				}
				p.exec(writer, "UPDATE items SET price = 1000 WHERE id = 1")
				c := p.conn(p.a.db)
				p.exec(c, set)
				if got := answer(p.Context(), c, allItems); !strings.Contains(got, "1000") {
					p.Errorf("got %q, want the uncommitted row", got)
				}
				if err := writer.Rollback(); err != nil {
					p.Fatal(err)
				}
				p.wantFresh(allItems)
			})
		}
	})
}

// A type in pg_temp comes before all others of its name, also where a text only
// converts to it.
func TestTemporaryTypeOfASessionIsNotForOthers(t *testing.T) {
	inPairs(t, func(p *pair) {
		if p.dialect != cachedsql.Postgres {
			p.Skip("MariaDB has no types to make")
		}
		const read = "SELECT (price / 7.0)::rate FROM items ORDER BY id"
		p.exec(p.a.db, "CREATE DOMAIN rate AS NUMERIC(10, 4)")
		for _, create := range []string{"CREATE DOMAIN pg_temp.rate AS NUMERIC(10, 1)", "DO $$ BEGIN EXECUTE 'CREATE DOMAIN pg_temp.rate AS NUMERIC(10, 1)'; END $$"} {
			p.b.warm(read)
			h := p.handle() // whose connection has prepared nothing
			c := p.conn(h.db)
			p.exec(c, create)
			for range 2 {
				if got := answer(p.Context(), c, read); got != "rate | 5.7 | 12.9" {
					p.Errorf("%s: got %q (%s), want one digit", create, got, h.rec.LastRead())
				}
			}
			p.wantFresh(read)
		}
		c := p.conn(p.a.db)
		p.exec(c, "CREATE TEMPORARY TABLE aside (id INTEGER)", "CREATE TEMPORARY VIEW looked AS SELECT 1 AS x")
		p.b.warm(read)
		if answer(p.Context(), c, read); p.a.rec.LastRead() != "hit" {
			p.Errorf("beside a temporary table: %s, want a hit", p.a.rec.LastRead())
		}
	})
}

// The rows of a temporary table or view have a type of its name. A text may
// convert to it and read other tables only.
func TestTemporaryRowTypeOfASessionIsNotForOthers(t *testing.T) {
	inPairs(t, func(p *pair) {
		if p.dialect != cachedsql.Postgres {
			p.Skip("MariaDB's rows have no type")
		}
		const (
			table = "CREATE TEMPORARY TABLE %s (id INTEGER, name VARCHAR(100), price NUMERIC(10, 1))"
			block = "DO $$ BEGIN EXECUTE '" + table + "'; END $$" // no text says that
			view  = "CREATE TEMPORARY VIEW %s AS SELECT 1 AS id, 'x' AS name, 2.5::NUMERIC(10, 1) AS price"
		)
		p.exec(p.a.db, "INSERT INTO other VALUES (1, 0)")
		for i, read := range []string{
			"SELECT ('(1,x,2)'::%s).price FROM other", "SELECT (ROW(1, 'x', 2)::%s).price FROM other",
			`SELECT e.price FROM other, unnest('{"(1,x,2)"}'::%s[]) e`, `SELECT (('{"(1,x,2)"}'::_%s)[1]).price FROM other`,
		} {
			for j, create := range []string{table, block, view} {
				of := fmt.Sprintf("priced_%d_%d", i, j)
				read, create := fmt.Sprintf(read, of), fmt.Sprintf(create, of)
				p.exec(p.a.db, "CREATE TABLE "+of+" (id INTEGER, name VARCHAR(100), price INTEGER)")
				p.b.warm(read)
				h := p.handle() // whose connection has prepared nothing
				c := p.conn(h.db)
				p.exec(c, create)
				for range 2 {
					if got := answer(p.Context(), c, read); !strings.HasSuffix(got, "2.0") {
						p.Errorf("%s, %s: got %q (%s), want one digit", create, read, got, h.rec.LastRead())
					}
				}
				p.wantFresh(read)
			}
		}
	})
}
