-- case: insert
INSERT INTO t (id, a) VALUES (?, 'x'), (?, 'y')
-- case: insert or ignore
INSERT OR IGNORE INTO t (id) VALUES (1)
-- case: insert or replace
INSERT OR REPLACE INTO t (id) VALUES (1)
-- case: replace
REPLACE INTO t (id) VALUES (1)
-- case: insert select
INSERT INTO t SELECT * FROM s WHERE x = 1
-- case: insert default values
INSERT INTO t DEFAULT VALUES
-- case: upsert do nothing
INSERT INTO t (id) VALUES (1) ON CONFLICT (id) DO NOTHING
-- case: upsert do update
INSERT INTO t (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET n = (SELECT max(n) FROM s)
-- case: insert returning
INSERT INTO t (id) VALUES (1) RETURNING (SELECT x FROM s)
-- case: update
UPDATE t SET a = ?, b = ? WHERE id = ?
-- case: update or replace
UPDATE OR REPLACE t SET a = 1 WHERE id = 2
-- case: update from
UPDATE t SET a = s.a FROM s WHERE s.id = t.id AND t.k = 1
-- case: update of columns
UPDATE t SET (a, b) = (SELECT x, y FROM s)
-- case: update limit
UPDATE t SET a = 1 ORDER BY b LIMIT 1
-- case: delete
DELETE FROM t WHERE id = 1
-- case: delete limit
DELETE FROM t WHERE a = 1 ORDER BY b LIMIT (SELECT n FROM s)
-- case: delete with
WITH x AS (SELECT * FROM s) DELETE FROM t WHERE id IN (SELECT id FROM x)
