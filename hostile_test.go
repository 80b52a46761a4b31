package cachedsql_test

import (
	"slices"
	"strings"
	"testing"
)

type hostileWrite struct {
	name   string
	on     int
	setup  []string
	reads  []string
	writes []string
}

// hostileWrites try to change what a read returns behind the cache's back:
// through what the database does by itself, through a spelling that two
// parties understand differently, or through a value that is another value's
// equal. Every read is compared after every write.
var hostileWrites = []hostileWrite{
	{
		"key that cascades on update is a dimension of the child", pg | my,
		[]string{
			"CREATE TABLE parts (item INTEGER PRIMARY KEY, n INTEGER, FOREIGN KEY (item) REFERENCES items (id) ON UPDATE CASCADE ON DELETE CASCADE)",
			"INSERT INTO parts VALUES (1, 5), (2, 6)",
		},
		[]string{"SELECT n FROM parts WHERE item = 1", "SELECT n FROM parts WHERE item = 9", "SELECT count(*) FROM parts WHERE item IN (1, 9)", "SELECT price FROM items WHERE id = 9"},
		[]string{"UPDATE items SET id = 9 WHERE id = 1", "UPDATE items SET id = 1, price = 3 WHERE id = 9", "DELETE FROM items WHERE id = 1"},
	},
	{
		"rows that point at their own table", pg | my,
		[]string{
			"CREATE TABLE tree (id INTEGER PRIMARY KEY, up INTEGER, FOREIGN KEY (up) REFERENCES tree (id) ON DELETE CASCADE)",
			"INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 2)",
		},
		[]string{"SELECT up FROM tree WHERE id = 3", "SELECT count(*) FROM tree"},
		[]string{"DELETE FROM tree WHERE id = 1"},
	},
	{
		"truncate that cascades", pg,
		[]string{"CREATE TABLE parts (id INTEGER PRIMARY KEY, item INTEGER REFERENCES items)", "INSERT INTO parts VALUES (1, 1)"},
		[]string{"SELECT item FROM parts WHERE id = 1", "SELECT count(*) FROM parts"},
		[]string{"TRUNCATE items CASCADE"},
	},
	{
		"upsert that meets another row's key", pg,
		[]string{"CREATE TABLE codes (id INTEGER PRIMARY KEY, code TEXT UNIQUE, n INTEGER)", "INSERT INTO codes VALUES (1, 'a', 1), (2, 'b', 1)"},
		[]string{"SELECT n FROM codes WHERE id = 2", "SELECT id, n FROM codes WHERE code = 'b'", "SELECT n FROM codes WHERE code = 'c'"},
		[]string{
			"INSERT INTO codes VALUES (9, 'b', 7) ON CONFLICT (code) DO UPDATE SET n = 8",
			"INSERT INTO codes VALUES (9, 'b', 7) ON CONFLICT (code) DO UPDATE SET code = 'c'",
			"MERGE INTO codes c USING (VALUES (2)) v(id) ON c.id = v.id WHEN MATCHED THEN UPDATE SET code = 'b', n = 11",
			"MERGE INTO codes c USING (VALUES (2)) v(id) ON c.id = v.id WHEN MATCHED AND n > 3 THEN DELETE",
		},
	},
	{
		"upsert that meets another row's key", my,
		[]string{"CREATE TABLE codes (id INTEGER PRIMARY KEY, code VARBINARY(10) UNIQUE, n INTEGER)", "INSERT INTO codes VALUES (1, 'a', 1), (2, 'b', 1)"},
		[]string{"SELECT n FROM codes WHERE id = 2", "SELECT id, n FROM codes WHERE code = 'b'", "SELECT n FROM codes WHERE code = 'c'"},
		[]string{
			"INSERT INTO codes VALUES (9, 'b', 7) ON DUPLICATE KEY UPDATE n = 8",
			"INSERT INTO codes VALUES (9, 'b', 7) ON DUPLICATE KEY UPDATE code = 'c'",
			"REPLACE INTO codes VALUES (3, 'c', 12)",
			"INSERT IGNORE INTO codes VALUES (3, 'c', 13)",
		},
	},
	{
		"row that moves to another partition", pg,
		[]string{
			"CREATE TABLE log (id INTEGER PRIMARY KEY, v INTEGER) PARTITION BY RANGE (id)",
			"CREATE TABLE log1 PARTITION OF log FOR VALUES FROM (0) TO (10)", "CREATE TABLE log2 PARTITION OF log FOR VALUES FROM (10) TO (20)",
			"INSERT INTO log VALUES (5, 1)",
		},
		[]string{"SELECT v FROM log WHERE id = 5", "SELECT v FROM log2 WHERE id = 15", "SELECT count(*) FROM log1", "SELECT v FROM log WHERE id = 15"},
		[]string{"UPDATE log SET id = 15 WHERE id = 5", "UPDATE log2 SET v = 2 WHERE id = 15", "UPDATE log SET id = 5, v = 4", "ALTER TABLE log DETACH PARTITION log1", "TRUNCATE log2"},
	},
	{
		"row that moves to another partition", my,
		[]string{
			"CREATE TABLE log (id INTEGER PRIMARY KEY, v INTEGER) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20))",
			"INSERT INTO log VALUES (5, 1), (6, 1)", "CREATE TABLE spare (id INTEGER PRIMARY KEY, v INTEGER)", "INSERT INTO spare VALUES (1, 8)",
		},
		[]string{"SELECT v FROM log WHERE id = 5", "SELECT v FROM log PARTITION (p1)", "SELECT count(*) FROM log PARTITION (p0)", "SELECT v FROM spare WHERE id = 1", "SELECT v FROM log WHERE id = 1"},
		[]string{
			"UPDATE log SET id = 15 WHERE id = 5", "DELETE FROM log PARTITION (p0)", "ALTER TABLE log EXCHANGE PARTITION p0 WITH TABLE spare",
			"ALTER TABLE log TRUNCATE PARTITION p1", "ALTER TABLE log DROP PARTITION p0",
		},
	},
	{
		"inheritance", pg,
		[]string{"CREATE TABLE young (extra INTEGER) INHERITS (items)", "INSERT INTO young VALUES (7, 'new', 70, 1)"},
		[]string{"SELECT price FROM items WHERE id = 7", "SELECT price FROM young WHERE id = 7", "SELECT count(*) FROM ONLY items"},
		[]string{"UPDATE items SET price = 71 WHERE id = 7", "UPDATE young SET price = 72 WHERE id = 7", "UPDATE ONLY items SET price = 0", "ALTER TABLE young NO INHERIT items", "UPDATE young SET price = 73"},
	},
	{
		"trigger with dynamic text", pg,
		[]string{
			"CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('UPDATE %I SET n = n + 1', 'oth' || 'er'); RETURN NULL; END $$",
			"CREATE TRIGGER note AFTER UPDATE ON items FOR EACH STATEMENT EXECUTE FUNCTION note()", "INSERT INTO other VALUES (1, 0)",
		},
		[]string{"SELECT n FROM other WHERE id = 1", "SELECT sum(n) FROM other"},
		[]string{"UPDATE items SET price = 1 WHERE id = 1", "UPDATE items SET price = 1 WHERE id = 77"},
	},
	{
		"trigger whose function calls another", pg,
		[]string{
			"CREATE FUNCTION deep() RETURNS void LANGUAGE sql AS 'UPDATE other SET n = n + 1'",
			"CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM deep(); RETURN NEW; END $$",
			"CREATE TRIGGER note BEFORE INSERT OR UPDATE OF price ON items FOR EACH ROW WHEN (NEW.price > 3) EXECUTE FUNCTION note()", "INSERT INTO other VALUES (1, 0)",
		},
		[]string{"SELECT n FROM other WHERE id = 1"},
		[]string{"UPDATE items SET price = 10 WHERE id = 1", "INSERT INTO items VALUES (5, 'x', 50)", "COMMENT ON TABLE items IS 'x'", "CREATE OR REPLACE FUNCTION deep() RETURNS void LANGUAGE sql AS 'UPDATE other SET n = n + 100'", "UPDATE items SET price = 12"},
	},
	{
		"trigger that moves the row to another key", pg,
		[]string{
			"CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := NEW.id + 100; RETURN NEW; END $$",
			"CREATE TRIGGER move BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION move()",
		},
		[]string{"SELECT price FROM items WHERE id = 103", "SELECT price FROM items WHERE id = 3"},
		[]string{"INSERT INTO items VALUES (3, 'x', 30)"},
	},
	{
		"trigger that moves the row to another key", my,
		[]string{"CREATE TRIGGER move BEFORE INSERT ON items FOR EACH ROW SET NEW.id = NEW.id + 100"},
		[]string{"SELECT price FROM items WHERE id = 103", "SELECT price FROM items WHERE id = 3"},
		[]string{"INSERT INTO items VALUES (3, 'x', 30)"},
	},
	{
		"deferred trigger fires at commit", pg,
		[]string{
			"CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE other SET n = n + 1; RETURN NULL; END $$",
			"CREATE CONSTRAINT TRIGGER note AFTER UPDATE ON items DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note()", "INSERT INTO other VALUES (1, 0)",
		},
		[]string{"SELECT n FROM other WHERE id = 1"},
		[]string{"BEGIN", "UPDATE items SET price = 1 WHERE id = 1", "COMMIT", "BEGIN", "UPDATE items SET price = 2 WHERE id = 1", "SET CONSTRAINTS ALL IMMEDIATE", "COMMIT"},
	},
	{
		"trigger instead of a view's write", pg,
		[]string{
			"CREATE VIEW shown AS SELECT 1 AS id, 2 AS n",
			"CREATE FUNCTION divert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO other VALUES (NEW.id, NEW.n); RETURN NEW; END $$",
			"CREATE TRIGGER divert INSTEAD OF INSERT OR UPDATE ON shown FOR EACH ROW EXECUTE FUNCTION divert()",
		},
		[]string{"SELECT n FROM other WHERE id = 4", "SELECT count(*) FROM other"},
		[]string{"INSERT INTO shown VALUES (4, 40)", "UPDATE shown SET id = 6"},
	},
	{
		"rules", pg,
		[]string{
			"CREATE RULE also AS ON UPDATE TO items DO ALSO INSERT INTO other VALUES (NEW.price, NEW.id)",
			"CREATE TABLE diverted (id INTEGER PRIMARY KEY, n INTEGER)",
			"CREATE RULE elsewhere AS ON INSERT TO diverted DO INSTEAD INSERT INTO other VALUES (NEW.id, NEW.n)",
		},
		[]string{"SELECT n FROM other WHERE id = 3", "SELECT n FROM other WHERE id = 8", "SELECT count(*) FROM other"},
		[]string{"UPDATE items SET price = 3 WHERE id = 1", "INSERT INTO diverted VALUES (8, 80)"},
	},
	{
		"view with check option, nested", pg | my,
		[]string{"CREATE VIEW dear AS SELECT id, price FROM items WHERE price > 50 WITH CHECK OPTION", "CREATE VIEW dearest AS SELECT id, price FROM dear WHERE price > 60"},
		[]string{"SELECT price FROM items WHERE id = 2", "SELECT price FROM dear WHERE id = 2", "SELECT count(*) FROM dearest"},
		[]string{"UPDATE dear SET price = 70 WHERE id = 2", "UPDATE dearest SET price = 55 WHERE id = 2", "!UPDATE dear SET price = 3 WHERE id = 2", "DELETE FROM dear WHERE id = 2"},
	},
	{
		"generated columns", pg | my,
		[]string{"CREATE TABLE sums (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER GENERATED ALWAYS AS (a * 2) STORED, UNIQUE (b))", "INSERT INTO sums (id, a) VALUES (1, 5)"},
		[]string{"SELECT id, a FROM sums WHERE b = 10", "SELECT id FROM sums WHERE b = 12", "SELECT b FROM sums WHERE id = 1"},
		[]string{"UPDATE sums SET a = 6 WHERE id = 1", "UPDATE sums SET a = 5 WHERE b = 12", "INSERT INTO sums (id, a) VALUES (2, 6)"},
	},
	{
		"sequences", pg,
		[]string{"CREATE SEQUENCE s", "CREATE TABLE numbered (id SERIAL PRIMARY KEY, n INTEGER)", "CREATE TABLE counted (id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n INTEGER)"},
		[]string{"SELECT last_value, is_called FROM s", "SELECT last_value FROM numbered_id_seq", "SELECT n FROM numbered WHERE id = 1", "SELECT n FROM counted WHERE id = 1", "SELECT n FROM counted WHERE id = 2"},
		[]string{
			"SELECT nextval('s')", "INSERT INTO numbered (n) VALUES (5)", "INSERT INTO counted (n) VALUES (5)", "INSERT INTO counted (id, n) OVERRIDING USER VALUE VALUES (77, 6)",
			"SELECT setval('s', 50)", "ALTER SEQUENCE s RESTART", "TRUNCATE numbered RESTART IDENTITY",
		},
	},
	{
		"sequences", maria,
		[]string{"CREATE SEQUENCE s", "CREATE TABLE numbered (id INTEGER PRIMARY KEY AUTO_INCREMENT, n INTEGER)", "CREATE TABLE drawn (id INTEGER PRIMARY KEY DEFAULT (NEXTVAL(s)), n INTEGER)"},
		[]string{"SELECT next_not_cached_value FROM s", "SELECT n FROM numbered WHERE id = 1", "SELECT n FROM numbered WHERE id = 0", "SELECT n FROM numbered WHERE id = 2", "SELECT count(*) FROM drawn WHERE id < 2000"},
		[]string{"SELECT NEXTVAL(s)", "INSERT INTO numbered VALUES (0, 5)", "INSERT INTO numbered VALUES (NULL, 6)", "INSERT INTO drawn (n) VALUES (5)", "SELECT SETVAL(s, 5000)", "ALTER SEQUENCE s RESTART 1"},
	},
	{
		"materialized view", pg,
		[]string{"CREATE MATERIALIZED VIEW kept AS SELECT id, price FROM items", "CREATE UNIQUE INDEX ON kept (id)"},
		[]string{"SELECT price FROM kept WHERE id = 1", "SELECT sum(price) FROM kept"},
		[]string{"UPDATE items SET price = 1", "REFRESH MATERIALIZED VIEW kept", "UPDATE items SET price = 2", "REFRESH MATERIALIZED VIEW CONCURRENTLY kept"},
	},
	{
		"statements that run another", pg,
		nil,
		[]string{priceOfLamp, allItems},
		[]string{
			"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) UPDATE items SET price = 41 WHERE id = 1", "PREPARE w AS UPDATE items SET price = 42 WHERE id = 1", "EXECUTE w", "DEALLOCATE w",
			"PREPARE v (int) AS UPDATE items SET price = $1 WHERE id = 1", "EXPLAIN ANALYZE EXECUTE v(43)", "EXECUTE v(44)", "DISCARD ALL",
			"WITH a AS (UPDATE items SET price = 45 WHERE id = 1 RETURNING *), b AS (DELETE FROM items WHERE id = 2) SELECT * FROM a",
			"BEGIN", "DECLARE c CURSOR FOR SELECT * FROM items FOR UPDATE", "FETCH c", "UPDATE items SET price = 46 WHERE CURRENT OF c", "COMMIT",
			"CREATE TABLE copied AS WITH x AS (UPDATE items SET price = 47 RETURNING id) SELECT id FROM x",
		},
	},
	{
		"statements that run another", maria,
		nil,
		[]string{priceOfLamp, allItems},
		[]string{
			"ANALYZE UPDATE items SET price = 41 WHERE id = 1", "ANALYZE FORMAT=JSON UPDATE items SET price = 42 WHERE id = 1",
			"SET STATEMENT max_statement_time = 10 FOR UPDATE items SET price = 43 WHERE id = 1",
			"EXECUTE IMMEDIATE 'UPDATE items SET price = 44 WHERE id = 1'", "EXECUTE IMMEDIATE CONCAT('UPDATE ite', 'ms SET price = 45 WHERE id = 1')",
			"PREPARE w FROM 'UPDATE items SET price = ? WHERE id = 1'", "SET @p = 46", "EXECUTE w USING @p", "DEALLOCATE PREPARE w",
			"BEGIN NOT ATOMIC UPDATE items SET price = 47 WHERE id = 1; END", "IF 1 THEN UPDATE items SET price = 48 WHERE id = 1; END IF",
			"BEGIN NOT ATOMIC DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN UPDATE items SET price = 49 WHERE id = 1; END; SELECT nothing FROM nowhere; END",
			"SELECT 1; UPDATE items SET price = 50 WHERE id = 1", "INSERT INTO items VALUES (8, 'x', 1) RETURNING id",
			"WITH x AS (SELECT 51 AS p) SELECT p FROM x; UPDATE items SET price = 51 WHERE id = 1",
		},
	},
	{
		"comments that are executed", my,
		nil,
		[]string{priceOfLamp, "SELECT n FROM other WHERE id = 1"},
		[]string{
			"/*! UPDATE items SET price = 41 WHERE id = 1 */", "/*!50000 UPDATE items SET price = 42 WHERE id = 1 */", "/*M!100000 UPDATE items SET price = 43 WHERE id = 1 */",
			"UPDATE /*! items */ SET price = 44 WHERE id = 1", "INSERT INTO /*! other */ VALUES (1, 1)", "UPDATE other /*! , items */ SET n = 45 /*! , price = 45 */",
			"/*!99999 SELECT 1; */ UPDATE items SET price = 46 WHERE id = 1", "UPDATE items SET price = 47 # WHERE id = 99", "UPDATE items SET price = 48 -- WHERE id = 99",
			"UPDATE items SET price = 49 - --1 -- WHERE id = 99", "SELECT 1 /*! FROM items */; /*! DELETE FROM items */",
		},
	},
	{
		"functions that write", my,
		[]string{
			"INSERT INTO other VALUES (1, 0)", "CREATE FUNCTION f() RETURNS INTEGER MODIFIES SQL DATA BEGIN UPDATE other SET n = n + 1; RETURN 1; END",
			"CREATE FUNCTION lies() RETURNS INTEGER DETERMINISTIC NO SQL BEGIN UPDATE other SET n = n + 1; RETURN 1; END",
			"CREATE PROCEDURE dyn() BEGIN SET @t = CONCAT('UPDATE ot', 'her SET n = n + 1'); PREPARE d FROM @t; EXECUTE d; DEALLOCATE PREPARE d; END",
			"CREATE PROCEDURE nested() CALL dyn()",
			"CREATE VIEW calls AS SELECT f() AS x",
		},
		[]string{"SELECT n FROM other WHERE id = 1"},
		[]string{
			"SELECT f()", "DO f()", "SET @x = f()", "UPDATE items SET price = f()", "INSERT INTO items VALUES (f() + 6, 'x', 1)", "SELECT id FROM items WHERE f() = 1", "CALL dyn()", "CALL nested()",
			"SELECT lies()", "SELECT x FROM calls", "DELETE FROM items WHERE id = f()", "SELECT id FROM items ORDER BY f() LIMIT 1", "?CREATE TABLE made AS SELECT f() AS x", "?CREATE TEMPORARY TABLE passing AS SELECT f() AS x", "CREATE TEMPORARY TABLE IF NOT EXISTS passing (x INTEGER)", "INSERT INTO passing VALUES (f())",
			"SELECT (SELECT f()) FROM items", "SELECT IF(f(), 1, 2)", "INSERT INTO items (id) VALUES (99) ON DUPLICATE KEY UPDATE price = f()", "?SET STATEMENT max_statement_time = 10 FOR SELECT f()",
		},
	},
	{
		"functions that write", pg,
		[]string{
			"INSERT INTO other VALUES (1, 0)", "CREATE FUNCTION f() RETURNS INTEGER LANGUAGE plpgsql AS $$ BEGIN UPDATE other SET n = n + 1; RETURN 1; END $$",
			"CREATE FUNCTION std() RETURNS INTEGER LANGUAGE sql BEGIN ATOMIC UPDATE other SET n = n + 1 RETURNING n; END",
			"CREATE PROCEDURE proc() LANGUAGE plpgsql AS $$ BEGIN UPDATE other SET n = n + 1; COMMIT; UPDATE other SET n = n + 1; END $$",
			"CREATE TABLE filled (id INTEGER PRIMARY KEY, n INTEGER DEFAULT f(), CHECK (f() > 0))",
			"CREATE VIEW calls AS SELECT f() AS x",
			"CREATE FUNCTION plus(INTEGER, TEXT) RETURNS INTEGER LANGUAGE sql AS 'SELECT f() + $1'", "CREATE OPERATOR @#@ (LEFTARG = INTEGER, RIGHTARG = TEXT, FUNCTION = plus)",
			"CREATE FUNCTION acc(INTEGER, INTEGER) RETURNS INTEGER LANGUAGE sql AS 'SELECT f()'", "CREATE AGGREGATE agg(INTEGER) (SFUNC = acc, STYPE = INTEGER)",
		},
		[]string{"SELECT n FROM other WHERE id = 1"},
		[]string{
			"SELECT f()", "SELECT std()", "CALL proc()", "INSERT INTO filled VALUES (1)", "SELECT x FROM calls", "SELECT 1 @#@ 'x'::text", "SELECT agg(id) FROM items", "SELECT id FROM items ORDER BY f()",
			"SELECT * FROM f()", "SELECT id FROM items LIMIT (SELECT f())", "VALUES (f())", "SELECT count(*) FILTER (WHERE f() = 1) FROM items", "UPDATE items SET price = f()", "SELECT CASE WHEN f() = 1 THEN 2 END",
			"COPY (SELECT f()) TO '/dev/null'", "DO $$ BEGIN PERFORM f(); END $$", "ALTER TABLE items ADD COLUMN more INTEGER DEFAULT f()", "EXPLAIN ANALYZE SELECT f()", "CREATE TEMP TABLE passing AS SELECT f() AS x", "SELECT f() AS x INTO TEMP passed", "INSERT INTO passing VALUES (f())", "UPDATE passing SET x = f()",
		},
	},
	{
		"domains whose checks write", pg,
		[]string{
			"INSERT INTO other VALUES (1, 0)", "CREATE FUNCTION counts(INTEGER) RETURNS BOOLEAN LANGUAGE plpgsql AS $$ BEGIN UPDATE other SET n = n + 1; RETURN true; END $$",
			"CREATE DOMAIN counted AS INTEGER CHECK (counts(VALUE))", "CREATE DOMAIN recounted AS counted", "CREATE TYPE duo AS (a recounted, b INTEGER)",
			"CREATE TABLE stock (id INTEGER PRIMARY KEY, n counted)", "CREATE TABLE stocks (id INTEGER PRIMARY KEY, list duo[])", "CREATE VIEW converted AS SELECT id::counted AS n FROM items",
			"CREATE FUNCTION takes(counted) RETURNS INTEGER IMMUTABLE LANGUAGE sql AS 'SELECT 1'", "CREATE FUNCTION gives() RETURNS recounted STABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'",
			"CREATE FUNCTION declares() RETURNS INTEGER LANGUAGE plpgsql AS 'DECLARE x counted := 1; BEGIN RETURN x; END'",
			"CREATE DOMAIN cast_on AS INTEGER CHECK (VALUE::counted > 0)", "CREATE FUNCTION passes(counted) RETURNS BOOLEAN IMMUTABLE LANGUAGE sql AS 'SELECT true'", "CREATE DOMAIN passed AS INTEGER CHECK (passes(VALUE))",
			"CREATE FUNCTION takes_passed(passed) RETURNS BOOLEAN IMMUTABLE LANGUAGE sql AS 'SELECT true'", "CREATE DOMAIN passed_on AS INTEGER CHECK (takes_passed(VALUE))",
			"CREATE TABLE tallies (n counted)", "CREATE DOMAIN tally AS tallies", "CREATE TYPE tallied AS (t tallies)", "CREATE TABLE kept (t tally, n cast_on, p passed_on)",
		},
		[]string{"SELECT n FROM other WHERE id = 1"},
		[]string{
			"SELECT 1::counted", "SELECT CAST(id AS recounted) FROM items", "INSERT INTO stock VALUES (1, 2)", "UPDATE stock SET n = 3 WHERE id = 1", `INSERT INTO stocks VALUES (1, '{"(1,2)"}')`, "SELECT ROW(1, 2)::duo", "SELECT takes(5)", "SELECT gives()", "SELECT declares()",
			"SELECT '{1,2}'::counted[]", "SELECT n FROM converted", "SELECT * FROM jsonb_to_record('{\"a\": 1}') AS r(a counted)", "UPDATE items SET price = 7::counted WHERE id = 2", "SELECT jsonb_populate_record(NULL::stock, '{\"n\": 1}')", "SELECT id FROM items WHERE takes(id) = 1", "MERGE INTO stock USING items ON stock.id = items.id WHEN NOT MATCHED THEN INSERT VALUES (items.id, 9)",
			"SELECT * FROM xmltable('/r' PASSING '<r>1</r>' COLUMNS a counted PATH '.')", "DO $$ DECLARE x counted := 1; BEGIN END $$", "EXPLAIN ANALYZE SELECT 1::counted", "PREPARE made AS SELECT $1::counted", "EXECUTE made(4)", "PREPARE given (counted) AS SELECT $1", "EXECUTE given(4)",
			"SELECT 1::cast_on", "SELECT 1::passed", "SELECT 1::passed_on", "SELECT takes_passed(1)", "SELECT '(1)'::tally", `SELECT '("(1)")'::tallied`, "INSERT INTO kept (t) VALUES ('(1)')", "INSERT INTO kept (n) VALUES (1)", "INSERT INTO kept (p) VALUES (1)",
		},
	},
	{
		"functions that writing a row calls", pg,
		[]string{
			"INSERT INTO other VALUES (1, 0)", "CREATE FUNCTION f() RETURNS INTEGER LANGUAGE plpgsql AS $$ BEGIN UPDATE other SET n = n + 1; RETURN 1; END $$",
			"CREATE FUNCTION lies(INTEGER) RETURNS INTEGER IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM f(); RETURN $1; END $$",
			"CREATE FUNCTION plus(INTEGER, TEXT) RETURNS INTEGER IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM f(); RETURN $1; END $$", "CREATE OPERATOR @#@ (LEFTARG = INTEGER, RIGHTARG = TEXT, FUNCTION = plus)",
			"CREATE DOMAIN filled AS INTEGER DEFAULT f()", "CREATE DOMAIN refilled AS filled", "CREATE TABLE domained (id INTEGER PRIMARY KEY, n refilled)",
			"CREATE TABLE indexed (id INTEGER PRIMARY KEY, n INTEGER)", "CREATE INDEX ON indexed (lies(n))",
			"CREATE TABLE partly (id INTEGER PRIMARY KEY, n INTEGER)", "CREATE INDEX ON partly (n) WHERE lies(n) > 0",
			"CREATE TABLE made (id INTEGER PRIMARY KEY, n INTEGER, g INTEGER GENERATED ALWAYS AS (n @#@ 'x') STORED)",
			"CREATE TABLE parted (id INTEGER, n INTEGER) PARTITION BY LIST (lies(n))", "CREATE TABLE parted1 PARTITION OF parted FOR VALUES IN (1)", "CREATE TABLE parted2 PARTITION OF parted DEFAULT",
			"CREATE TABLE alone (id INTEGER PRIMARY KEY, n INTEGER, EXCLUDE USING btree (lies(n) WITH =))",
			"CREATE MATERIALIZED VIEW kept AS SELECT f() AS x",
			"CREATE TABLE guarded (id INTEGER PRIMARY KEY, n INTEGER)", "CREATE POLICY reading ON guarded FOR SELECT USING (true)", "CREATE POLICY adding ON guarded FOR INSERT WITH CHECK (f() > 0)",
			"CREATE POLICY removing ON guarded FOR DELETE USING (f() > 0)", "ALTER TABLE guarded ENABLE ROW LEVEL SECURITY", "ALTER TABLE guarded FORCE ROW LEVEL SECURITY",
			"GRANT USAGE, CREATE ON SCHEMA public TO pg_monitor", "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO pg_monitor",
		},
		[]string{"SELECT n FROM other WHERE id = 1"},
		[]string{
			"INSERT INTO domained (id) VALUES (1)", "UPDATE domained SET n = DEFAULT WHERE id = 1", "INSERT INTO indexed VALUES (1, 5)", "UPDATE indexed SET n = 6", "UPDATE indexed SET n = 7 WHERE id = 1", "INSERT INTO partly VALUES (1, 5)",
			"INSERT INTO made (id, n) VALUES (1, 5)", "UPDATE made SET n = 6", "INSERT INTO parted VALUES (1, 1)", "INSERT INTO parted2 VALUES (1, 7)", "INSERT INTO alone VALUES (1, 1)", "REFRESH MATERIALIZED VIEW kept",
			"SELECT query_to_xml('SELECT f()', true, true, '')", "SELECT * FROM ts_stat('SELECT to_tsvector(f()::text)')", "SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, ''b''::tsquery WHERE f() > 0')",
			"DO $$ BEGIN PERFORM query_to_xml('SELECT f()', true, true, ''); END $$", "SET ROLE pg_monitor", "INSERT INTO guarded VALUES (1, 1)", "DELETE FROM guarded WHERE id = 1", "RESET ROLE",
		},
	},
	{
		"functions named like others, and casts, without a table", pg,
		[]string{
			"INSERT INTO other VALUES (1, 0)", "CREATE FUNCTION lower(INTEGER) RETURNS INTEGER LANGUAGE sql AS 'UPDATE other SET n = n + 1 RETURNING n'", "CREATE TYPE odd AS (a INTEGER)",
			"CREATE FUNCTION odd_to(odd) RETURNS INTEGER LANGUAGE sql AS 'UPDATE other SET n = n + 1 RETURNING n'", "CREATE CAST (odd AS INTEGER) WITH FUNCTION odd_to(odd)",
		},
		[]string{"SELECT n FROM other WHERE id = 1"},
		[]string{"SELECT lower(5)", "SELECT ROW(1)::odd::INTEGER", "SELECT lower('X')", "EXPLAIN ANALYZE SELECT lower(5)"},
	},
	{
		"functions as attributes", pg,
		[]string{
			"INSERT INTO other VALUES (1, 0)", "CREATE FUNCTION bumps(items) RETURNS INTEGER LANGUAGE plpgsql AS $$ BEGIN UPDATE other SET n = n + 1; RETURN 1; END $$",
			"CREATE FUNCTION sold(items) RETURNS INTEGER STABLE LANGUAGE sql AS 'SELECT n FROM other WHERE id = $1.id'",
		},
		[]string{"SELECT n FROM other WHERE id = 1", "SELECT i.sold FROM items i WHERE i.id = 1"},
		[]string{"SELECT i.bumps FROM items i", "SELECT (i).bumps FROM items AS i", "UPDATE items SET price = items.bumps WHERE id = 2"},
	},
	{
		"names", pg,
		[]string{`CREATE TABLE "Items" (id INTEGER PRIMARY KEY, price INTEGER)`, `INSERT INTO "Items" VALUES (1, 1)`, "CREATE SCHEMA aside", "CREATE TABLE aside.items (id INTEGER CONSTRAINT aside_pkey PRIMARY KEY, price INTEGER)", "INSERT INTO aside.items VALUES (1, 1)"},
		[]string{`SELECT price FROM "Items" WHERE id = 1`, priceOfLamp, "SELECT price FROM aside.items WHERE id = 1", "WITH items AS (SELECT id, price FROM aside.items) SELECT price FROM items WHERE id = 1"},
		[]string{
			`UPDATE "Items" SET price = 2 WHERE id = 1`, "UPDATE ITEMS SET price = 3 WHERE id = 1", `UPDATE U&"\0069tems" SET price = 4 WHERE id = 1`, "UPDATE items AS other SET price = 5", `UPDATE other AS items SET n = 5`,
			"UPDATE aside.items SET price = 6", "SET search_path = aside, public", "UPDATE items SET price = 7", "RESET search_path", "BEGIN", "SET LOCAL search_path = aside", "UPDATE items SET price = 8 WHERE id = 1", "COMMIT",
			"UPDATE items SET price = 9 WHERE id = 1", "SELECT set_config('search_path', 'aside', false)", "UPDATE items SET price = 10 WHERE id = 1", "DISCARD ALL", "UPDATE items SET price = 11 WHERE id = 1",
			"CREATE TEMP TABLE items (id INTEGER PRIMARY KEY, price INTEGER)", "INSERT INTO items VALUES (1, 77)", "UPDATE items SET price = 12 WHERE id = 1", "DROP TABLE items", "UPDATE items SET price = 13 WHERE id = 1",
			"ALTER TABLE aside.items RENAME TO things", "ALTER TABLE items SET SCHEMA aside", "ALTER TABLE aside.items SET SCHEMA public", "UPDATE items SET price = 14 WHERE id = 1",
			"BEGIN", "~ALTER TABLE items RENAME TO swapped", `~ALTER TABLE "Items" RENAME TO items`, "~ALTER TABLE aside.things RENAME TO items", "COMMIT", "UPDATE items SET price = 15 WHERE id = 1",
		},
	},
	{
		"names", my,
		[]string{"CREATE TABLE twin (id INTEGER PRIMARY KEY, price INTEGER)", "INSERT INTO twin VALUES (1, 1)"},
		[]string{priceOfLamp, "SELECT price FROM twin WHERE id = 1"},
		[]string{
			"UPDATE `items` SET price = 2 WHERE id = 1", "UPDATE items AS twin SET price = 3 WHERE id = 1", "UPDATE twin items SET price = 4 WHERE id = 1", "UPDATE `items`SET price = 5 WHERE id = 1", "UPDATE items SET items.price = 6 WHERE items.id = 1",
			"CREATE TEMPORARY TABLE items (id INTEGER PRIMARY KEY, price INTEGER)", "INSERT INTO items VALUES (1, 77)", "UPDATE items SET price = 12 WHERE id = 1", "DROP TEMPORARY TABLE items", "UPDATE items SET price = 13 WHERE id = 1",
			"RENAME TABLE items TO swapped, twin TO items, swapped TO twin", "UPDATE items SET price = 14 WHERE id = 1", "UPDATE twin SET price = 15 WHERE id = 1",
			"~LOCK TABLES items WRITE", "~UPDATE items SET price = 16 WHERE id = 1", "UNLOCK TABLES", "HANDLER items OPEN", "HANDLER items READ FIRST", "UPDATE items SET price = 17", "HANDLER items CLOSE",
		},
	},
	{
		"system-versioned table", maria,
		[]string{"CREATE TABLE aged (id INTEGER PRIMARY KEY, n INTEGER) WITH SYSTEM VERSIONING", "INSERT INTO aged VALUES (1, 1)"},
		[]string{"SELECT n FROM aged WHERE id = 1", "SELECT count(*) FROM aged FOR SYSTEM_TIME ALL", "SELECT count(*) FROM aged FOR SYSTEM_TIME ALL WHERE id = 1", "SELECT n FROM aged FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP WHERE id = 1"},
		[]string{"UPDATE aged SET n = 2 WHERE id = 1", "DELETE FROM aged WHERE id = 1", "INSERT INTO aged VALUES (1, 9)", "DELETE HISTORY FROM aged"},
	},
	{
		"values that are equal", maria,
		[]string{
			"CREATE TABLE ci (k VARCHAR(20) PRIMARY KEY, n INTEGER) COLLATE utf8mb4_general_ci", "INSERT INTO ci VALUES ('Abc', 1), ('é', 1)",
			"CREATE TABLE pad (k VARCHAR(20) PRIMARY KEY, n INTEGER) COLLATE utf8mb4_bin", "INSERT INTO pad VALUES ('abc', 1)",
			"CREATE TABLE fixed (k CHAR(8) PRIMARY KEY, n INTEGER) COLLATE utf8mb4_bin", "INSERT INTO fixed VALUES ('abc', 1)",
			"CREATE TABLE bin (k BINARY(4) PRIMARY KEY, n INTEGER)", "INSERT INTO bin VALUES ('ab', 1)",
			"CREATE TABLE kinds (k ENUM('x', 'y') PRIMARY KEY, n INTEGER)", "INSERT INTO kinds VALUES ('x', 1)",
			"CREATE TABLE years (k YEAR PRIMARY KEY, n INTEGER)", "INSERT INTO years VALUES (2024, 1)",
			"CREATE TABLE bits (k BIT(8) PRIMARY KEY, n INTEGER)", "INSERT INTO bits VALUES (5, 1)",
			"CREATE TABLE small (k TINYINT PRIMARY KEY, n INTEGER)", "INSERT INTO small VALUES (127, 1)",
			"CREATE TABLE days (k DATE PRIMARY KEY, n INTEGER)", "INSERT INTO days VALUES ('2024-01-02', 1)",
			"CREATE TABLE ids (k UUID PRIMARY KEY, n INTEGER)", "INSERT INTO ids VALUES ('00112233-4455-6677-8899-aabbccddeeff', 1)",
			"CREATE TABLE txt (k VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY, n INTEGER)", "INSERT INTO txt VALUES ('7', 1)",
		},
		[]string{
			"SELECT n FROM ci WHERE k = 'ABC'", "SELECT n FROM ci WHERE k = 'E'", "SELECT n FROM pad WHERE k = 'abc  '", "SELECT n FROM fixed WHERE k = 'abc '", "SELECT n FROM bin WHERE k = 0x61620000", "SELECT n FROM kinds WHERE k = 1",
			"SELECT n FROM kinds WHERE k = 'X'", "SELECT n FROM years WHERE k = 24", "SELECT n FROM bits WHERE k = 5", "SELECT n FROM bits WHERE k = b'101'", "SELECT n FROM small WHERE k = 127", "SELECT n FROM days WHERE k = 20240102",
			"SELECT n FROM ids WHERE k = '00112233445566778899AABBCCDDEEFF'", "SELECT n FROM txt WHERE k = 7", "SELECT n FROM txt WHERE k = '7'", "SELECT price FROM items WHERE id = '1'", "SELECT price FROM items WHERE id = '1abc'",
			"SELECT price FROM items WHERE id = TRUE", "SELECT price FROM items WHERE id = 1.0", "SELECT price FROM items WHERE id = 0x31", "SELECT price FROM items WHERE id = '1e0'", "SELECT price FROM items WHERE id = ' 1'", "SELECT price FROM items WHERE id = -(-1)",
		},
		[]string{
			"UPDATE ci SET n = 2 WHERE k = 'abc'", "UPDATE ci SET n = 3 WHERE k = 'é'", "UPDATE pad SET n = 2 WHERE k = 'abc'", "UPDATE fixed SET n = 2 WHERE k = 'abc'", "UPDATE bin SET n = 2 WHERE k = 'ab'", "UPDATE bin SET n = 3 WHERE k = 'ab\\0\\0'", "UPDATE kinds SET n = 2 WHERE k = 'x'",
			"UPDATE years SET n = 2 WHERE k = 2024", "UPDATE bits SET n = 2 WHERE k = 0x05", "SET sql_mode = ''", "INSERT INTO small VALUES (300, 5) ON DUPLICATE KEY UPDATE n = 9", "REPLACE INTO small VALUES (999, 8)", "INSERT INTO small VALUES ('120x', 8)", "UPDATE days SET n = 2 WHERE k = '2024-1-2'",
			"UPDATE ids SET n = 2 WHERE k = '00112233-4455-6677-8899-aabbccddeeff'", "UPDATE txt SET n = 2 WHERE k = '7'", "UPDATE txt SET n = 3 WHERE k = 7", "UPDATE items SET price = 41 WHERE id = 1", "UPDATE items SET price = 42 WHERE id = '1'", "UPDATE items SET price = 43 WHERE id = TRUE", "UPDATE items SET price = 44 WHERE id = '1x'",
			"UPDATE items SET price = 45 WHERE id = 1 OR id = 7", "UPDATE items SET price = 46 WHERE id IN (7, 1)", "UPDATE items SET price = 47 WHERE id <=> 1", "UPDATE items SET price = 48 WHERE NOT id <> 1", "UPDATE items SET price = 49 WHERE id = 0x1", "UPDATE items SET price = 50 WHERE id = 1.0", "UPDATE items SET price = 51 WHERE (id, name) = (1, 'lamp')",
			"UPDATE items SET price = 52 WHERE id = 0.9 + 0.1", "UPDATE items SET price = 53 WHERE id = 1 ^ 0", "UPDATE items SET price = 54 WHERE id = 3 XOR id = 2", "UPDATE items SET price = 55 WHERE id = 1 COLLATE utf8mb4_bin",
		},
	},
	{
		"values that are equal", pg,
		[]string{
			"CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)", "CREATE TABLE ci (k TEXT COLLATE ci PRIMARY KEY, n INTEGER)", "INSERT INTO ci VALUES ('Abc', 1)",
			"CREATE TABLE fixed (k CHAR(8) PRIMARY KEY, n INTEGER)", "INSERT INTO fixed VALUES ('abc', 1)", "CREATE DOMAIN code AS VARCHAR(5) CHECK (VALUE <> '')", "CREATE TABLE domained (k code PRIMARY KEY, n INTEGER)", "INSERT INTO domained VALUES ('abc', 1)",
			"CREATE TABLE nums (k NUMERIC PRIMARY KEY, n INTEGER)", "INSERT INTO nums VALUES (1.0, 1)", "CREATE TABLE floats (k FLOAT8 PRIMARY KEY, n INTEGER)", "INSERT INTO floats VALUES ('-0', 1)",
			"CREATE TABLE ids (k UUID PRIMARY KEY, n INTEGER)", "INSERT INTO ids VALUES ('00112233-4455-6677-8899-aabbccddeeff', 1)", "CREATE TABLE bytes (k BYTEA PRIMARY KEY, n INTEGER)", "INSERT INTO bytes VALUES ('\\x6162', 1)",
			"CREATE TABLE docs (k JSONB UNIQUE, n INTEGER)", `INSERT INTO docs VALUES ('{"a": 1, "b": 2}', 1)`, "CREATE TYPE mood AS ENUM ('x', 'y')", "CREATE TABLE moods (k mood PRIMARY KEY, n INTEGER)", "INSERT INTO moods VALUES ('x', 1)",
			"CREATE TABLE big (k BIGINT PRIMARY KEY, n INTEGER)", "INSERT INTO big VALUES (9007199254740993, 1)", "CREATE TABLE cut (k VARCHAR(3) PRIMARY KEY, n INTEGER)", "INSERT INTO cut VALUES ('abc', 1)", "CREATE TABLE bools (k BOOLEAN PRIMARY KEY, n INTEGER)", "INSERT INTO bools VALUES (true, 1)",
			"CREATE TABLE txt (k TEXT PRIMARY KEY, n INTEGER)", "INSERT INTO txt VALUES ('7', 1), (E'e\\u0301', 1), (E'\\u00e9', 1)",
		},
		[]string{
			"SELECT n FROM ci WHERE k = 'ABC'", "SELECT n FROM fixed WHERE k = 'abc     '", "SELECT n FROM domained WHERE k = 'abc'", "SELECT n FROM nums WHERE k = 1", "SELECT n FROM floats WHERE k = 0", "SELECT n FROM ids WHERE k = '{00112233445566778899AABBCCDDEEFF}'",
			"SELECT n FROM bytes WHERE k = 'ab'", `SELECT n FROM docs WHERE k = '{"b": 2, "a": 1}'`, "SELECT n FROM moods WHERE k = 'x'", "SELECT n FROM big WHERE k = 9007199254740993", "SELECT n FROM cut WHERE k = 'abcd'::VARCHAR(3)", "SELECT n FROM bools WHERE k", "SELECT n FROM bools WHERE k = 't'",
			"SELECT n FROM txt WHERE k = '7'", `SELECT n FROM txt WHERE k = U&'\00e9'`, "SELECT price FROM items WHERE id = '1'", "SELECT price FROM items WHERE id = 1::SMALLINT", "SELECT price FROM items WHERE id = 1.0", "SELECT price FROM items WHERE id = ANY ('{1,7}')", "SELECT price FROM items WHERE id BETWEEN 1 AND 1",
			"SELECT price FROM items WHERE (id, name) = (1, 'lamp')", "SELECT price FROM items WHERE ROW(id) = ROW(1)", "SELECT price FROM items WHERE id IS NOT DISTINCT FROM 1", "SELECT price FROM items WHERE id = ' 1 '", "SELECT i.price FROM items i JOIN big b ON b.n = i.id WHERE i.id = 1",
		},
		[]string{
			"UPDATE ci SET n = 2 WHERE k = 'abc'", "UPDATE fixed SET n = 2 WHERE k = 'abc'", "UPDATE domained SET n = 2 WHERE k = 'abc'::TEXT", "UPDATE nums SET n = 2 WHERE k = 1.00", "UPDATE floats SET n = 2 WHERE k = 0.0", "UPDATE ids SET n = 2 WHERE k = '00112233-4455-6677-8899-aabbccddeeff'",
			"UPDATE bytes SET n = 2 WHERE k = '\\x6162'", `UPDATE docs SET n = 2 WHERE k @> '{"a": 1}'`, `UPDATE docs SET n = 3 WHERE k ->> 'a' = '1'`, "UPDATE moods SET n = 2 WHERE k = 'x'::mood", "UPDATE big SET n = 2 WHERE k = 9007199254740993::NUMERIC", "UPDATE big SET n = 1 WHERE k = 9007199254740992::FLOAT8 OR true",
			"UPDATE cut SET n = 2 WHERE k = 'abc'", "UPDATE cut SET n = 3 WHERE k = 'abcdef'::VARCHAR(3)", "INSERT INTO cut VALUES ('xyz'::CHAR(5)::VARCHAR(3), 5) ON CONFLICT DO NOTHING", "UPDATE bools SET n = 2 WHERE k = 'yes'", "UPDATE txt SET n = 2 WHERE k = 7::TEXT", `UPDATE txt SET n = 3 WHERE normalize(k) = U&'\00e9'`,
			"UPDATE items SET price = 41 WHERE id = '1'", "UPDATE items SET price = 42 WHERE id = 1::BIGINT", "UPDATE items SET price = 43 WHERE id = 1.0", "UPDATE items SET price = 44 WHERE id = ANY (ARRAY[7, 1])", "UPDATE items SET price = 45 WHERE id IN (7, 1)", "UPDATE items SET price = 46 WHERE (id, name) = (1, 'lamp')", "UPDATE items SET price = 47 WHERE id = (SELECT 1)",
			"UPDATE items SET price = 48 FROM big WHERE big.n = items.id", "UPDATE items SET (id, price) = (SELECT 1, 49) WHERE id = 1", "UPDATE items SET id = 1, price = 50 WHERE id = 1", "UPDATE items i SET price = 51 WHERE i = ROW(1, 'lamp'::VARCHAR, 50)", "DELETE FROM items USING big WHERE items.id = big.n - 1",
		},
	},
	{
		"event trigger", pg,
		[]string{
			"INSERT INTO other VALUES (1, 0)", "CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE other SET n = n + 1; END $$",
			"CREATE EVENT TRIGGER " + xid + " ON ddl_command_end EXECUTE FUNCTION watch()",
		},
		[]string{"SELECT n FROM other WHERE id = 1"},
		[]string{"CREATE TABLE one (id INTEGER)", "CREATE TEMP TABLE two (id INTEGER)", "COMMENT ON TABLE items IS 'x'", "SELECT 1 AS x INTO three", "SELECT 1 AS x INTO TEMP five", "CREATE TEMP TABLE four AS SELECT 1 AS x", "DROP TABLE two", "ALTER TABLE items ALTER price SET DEFAULT 3", "GRANT SELECT ON items TO PUBLIC", "CREATE INDEX ON items (price)"},
	},
}

func TestHostileWritesReachTheirReaders(t *testing.T) {
	for _, tc := range slices.Concat(hostileWrites, hostileWritesOfMySQL) {
		t.Run(tc.name, func(t *testing.T) {
			inPairs(t, func(p *pair) {
				if !p.isOn(tc.on) {
					p.Skip("not on this database")
				}
				c := p.conn(p.a.db)
				p.exec(c, tc.setup...)
				hits := 0
				for _, read := range tc.reads {
					p.wantFresh(read)
					if p.b.rec.LastRead() == "hit" {
						hits++
					}
				}
				if hits == 0 {
					p.Error("none of the reads is cached: this shows nothing")
				}
				for _, w := range tc.writes {
					w, locks := strings.CutPrefix(w, "~") // others cannot read
					p.exec(c, w)
					if locks {
						continue
					}
					for _, read := range tc.reads {
						p.wantFresh(read)
					}
					if p.Failed() {
						p.Fatalf("after %s", w)
					}
				}
			})
		})
	}
}
