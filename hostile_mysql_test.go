package cachedsql_test

// hostileWritesOfMySQL are those that MySQL 8 and later know and MariaDB does
// not. CI has MariaDB; docs/compatibility.md says how to run these.
var hostileWritesOfMySQL = []hostileWrite{
	{
		"unique key of an expression", oracle,
		[]string{"CREATE TABLE folded (id INTEGER PRIMARY KEY, s VARBINARY(10), n INTEGER, UNIQUE KEY ((SUBSTR(s, 1, 1))))", "INSERT INTO folded VALUES (1, 'a', 1), (2, 'b', 1)"},
		[]string{"SELECT n FROM folded WHERE id = 1", "SELECT s, n FROM folded WHERE s = 'a'", "SELECT count(*) FROM folded WHERE id IN (1, 9)"},
		[]string{
			"INSERT INTO folded VALUES (9, 'ax', 7) ON DUPLICATE KEY UPDATE n = 8", "INSERT INTO folded VALUES (9, 'ax', 7) AS new ON DUPLICATE KEY UPDATE n = new.n, s = new.s",
			"REPLACE INTO folded VALUES (9, 'ay', 3)", "INSERT IGNORE INTO folded VALUES (1, 'az', 3)",
		},
	},
	{
		"primary key nobody has asked for", oracle,
		[]string{"SET sql_generate_invisible_primary_key = ON", "CREATE TABLE bare (n INTEGER)", "INSERT INTO bare VALUES (1), (2)"},
		[]string{"SELECT n FROM bare WHERE my_row_id = 1", "SELECT my_row_id FROM bare WHERE my_row_id = 3", "SELECT n FROM bare ORDER BY n"},
		[]string{"UPDATE bare SET n = 5 WHERE my_row_id = 1", "INSERT INTO bare VALUES (7)", "UPDATE bare SET my_row_id = 1 + my_row_id ORDER BY my_row_id DESC", "DELETE FROM bare WHERE n = 5"},
	},
	{
		"values that are equal in the default collation", oracle,
		[]string{
			"CREATE TABLE words (k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci PRIMARY KEY, n INTEGER)", "INSERT INTO words VALUES ('a', 1), ('strasse', 1), ('x', 1)",
			"CREATE TABLE exact (k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PRIMARY KEY, n INTEGER)", "INSERT INTO exact VALUES ('a', 1), ('a ', 2)",
		},
		[]string{"SELECT n FROM words WHERE k = 'a'", "SELECT n FROM words WHERE k = 'strasse'", "SELECT n FROM words WHERE k = 'x'", "SELECT n FROM exact WHERE k = 'a'", "SELECT n FROM exact WHERE k = 'a '"},
		[]string{
			"UPDATE words SET n = 2 WHERE k = 'Á'", "UPDATE words SET n = 3 WHERE k = '\uff41'", "UPDATE words SET n = 4 WHERE k = 'straße'", "UPDATE words SET n = 5 WHERE k = 'x\u200d'", "UPDATE words SET n = 6 WHERE k = _utf8mb4'X' COLLATE utf8mb4_0900_as_ci",
			"UPDATE words SET n = 7 WHERE k = 'a\\0'", "DELETE FROM words WHERE k = 'STRASSE'", "UPDATE exact SET n = 3 WHERE k = 'a '", "UPDATE exact SET n = 4 WHERE k = 'a' COLLATE utf8mb4_general_ci", "REPLACE INTO words VALUES ('\u24d0', 9)",
		},
	},
	{
		"statements without a SELECT", oracle,
		[]string{"CREATE TABLE more (id INTEGER PRIMARY KEY, name VARCHAR(100), price INTEGER)", "INSERT INTO more VALUES (1, 'new', 7), (3, 'newer', 8)"},
		[]string{"SELECT price FROM items WHERE id = 1", "TABLE items", "TABLE items ORDER BY id LIMIT 1", "SELECT * FROM (TABLE items) t WHERE id = 1", "SELECT * FROM items WHERE id IN (VALUES ROW(1), ROW(3))", "TABLE items INTERSECT TABLE more", "(TABLE items) EXCEPT (TABLE more)"},
		[]string{
			"REPLACE INTO items TABLE more", "INSERT INTO items VALUES ROW(5, 'five', 5), ROW(6, 'six', 6)", "INSERT INTO items VALUES (1, 'x', 1) AS n (a, b, c) ON DUPLICATE KEY UPDATE price = n.c + 30",
			"INSERT INTO items SET id = 1, price = 9 AS n ON DUPLICATE KEY UPDATE price = n.price", "WITH c AS (SELECT 1 AS id) UPDATE items JOIN c USING (id) SET price = 77", "WITH c AS (SELECT 5 AS id) DELETE items FROM items JOIN c USING (id)",
			"WITH c AS (TABLE more) DELETE FROM items WHERE id IN (SELECT id FROM c WHERE id = 3)", "UPDATE items JOIN JSON_TABLE('[1]', '$[*]' COLUMNS (id INT PATH '$')) j USING (id) SET price = 78", "UPDATE items, LATERAL (SELECT items.id + 1 AS n) l SET price = l.n WHERE id = 1",
			"DELETE FROM items AS i WHERE i.id = 1", "INSERT INTO items (TABLE more) ON DUPLICATE KEY UPDATE price = 3",
		},
	},
	{
		"statements that run another", oracle,
		[]string{"INSERT INTO other VALUES (1, 0)", "CREATE FUNCTION f() RETURNS INTEGER MODIFIES SQL DATA BEGIN UPDATE other SET n = n + 1; RETURN 1; END"},
		[]string{"SELECT n FROM other WHERE id = 1", "SELECT price FROM items WHERE id = 1"},
		[]string{
			"EXPLAIN ANALYZE SELECT f()", "EXPLAIN ANALYZE FORMAT=TREE SELECT f() FROM items", "EXPLAIN ANALYZE FORMAT=JSON SELECT f() FROM items", "DESC ANALYZE SELECT f()", "EXPLAIN FORMAT=JSON INTO @e SELECT f()", "EXPLAIN FORMAT=TREE UPDATE items SET price = 9 WHERE id = 1",
			"DO f()", "SET @x = f()", "SELECT f() INTO @x", "SELECT 1 FROM items LIMIT 1 INTO @x", "CREATE TABLE made SELECT 1 AS x", "VALUES ROW(f())", "TABLE items ORDER BY id LIMIT 1 INTO @a, @b, @c", "WITH c AS (SELECT f() AS x) SELECT x FROM c",
			"SELECT * FROM JSON_TABLE(JSON_ARRAY(f()), '$[*]' COLUMNS (x INT PATH '$')) j", "SELECT (SELECT x FROM (VALUES ROW(f())) v (x))", "SELECT /*+ SET_VAR(sql_safe_updates = 0) */ f()", "SELECT count(*) FROM items GROUP BY f() WITH ROLLUP", "SELECT sum(price) OVER w FROM items WINDOW w AS (PARTITION BY f())",
			"SELECT price FROM items ORDER BY f()", "HELP 'select'", "SELECT id FROM items WHERE f() MEMBER OF ('[1]')",
		},
	},
	{
		"defaults, checks and generated columns", oracle,
		[]string{
			"CREATE TABLE made (id INTEGER PRIMARY KEY DEFAULT (1 + 1), n INTEGER DEFAULT (3 * 3), twice INTEGER AS (n * 2) VIRTUAL UNIQUE, tags JSON, INDEX many ((CAST(tags AS UNSIGNED ARRAY))))", "INSERT INTO made (id, n, tags) VALUES (1, 1, '[1, 2]')",
		},
		[]string{"SELECT n FROM made WHERE id = 2", "SELECT id FROM made WHERE twice = 2", "SELECT n FROM made WHERE twice = 18", "SELECT n FROM made WHERE 2 MEMBER OF (tags)", "SELECT n FROM made WHERE JSON_OVERLAPS(tags, '[3]')"},
		[]string{"INSERT INTO made () VALUES ()", "INSERT INTO made (id, n) VALUES (7, 1) ON DUPLICATE KEY UPDATE n = 30", "UPDATE made SET tags = '[3]' WHERE id = 1", "UPDATE made SET n = DEFAULT, id = 20 WHERE id = 2", "UPDATE made SET id = DEFAULT WHERE id = 20"},
	},
	{
		"partitions", oracle,
		[]string{
			"CREATE TABLE parted (id INTEGER PRIMARY KEY, n INTEGER) PARTITION BY RANGE (id) (PARTITION low VALUES LESS THAN (10), PARTITION high VALUES LESS THAN MAXVALUE)", "CREATE TABLE single (id INTEGER PRIMARY KEY, n INTEGER)",
			"INSERT INTO parted VALUES (1, 1), (11, 1)", "INSERT INTO single VALUES (2, 2)",
		},
		[]string{"SELECT n FROM parted WHERE id = 1", "SELECT n FROM parted WHERE id = 2", "SELECT n FROM parted PARTITION (high)", "SELECT n FROM single WHERE id = 2", "SELECT count(*) FROM parted"},
		[]string{"ALTER TABLE parted EXCHANGE PARTITION low WITH TABLE single", "ALTER TABLE parted TRUNCATE PARTITION high", "ALTER TABLE parted DROP PARTITION low", "UPDATE parted PARTITION (high) SET n = 9", "ALTER TABLE parted REMOVE PARTITIONING", "TRUNCATE TABLE single"},
	},
}
