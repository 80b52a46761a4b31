WITH x AS (SELECT * FROM t) SELECT * FROM x
--> read: cacheable
--> reads: t

WITH x AS (SELECT * FROM t WHERE k = 1) SELECT * FROM x WHERE k = 2
--> read: cacheable
--> reads: t{k=1}

WITH x AS (SELECT 1), y AS (SELECT * FROM x JOIN t) SELECT * FROM y
--> read: cacheable
--> reads: t

WITH x AS (SELECT * FROM y), y AS (SELECT * FROM t) SELECT * FROM x, y
--> read: cacheable
--> reads: y, t

WITH users AS (SELECT * FROM users) SELECT * FROM users
--> read: cacheable
--> reads: users

WITH users AS (SELECT * FROM users WHERE id = 1) SELECT * FROM db.users JOIN users USING (id)
--> read: cacheable
--> reads: users{id=1}, db.users

WITH RECURSIVE c AS (SELECT id, parent FROM nodes WHERE id = ? UNION ALL SELECT n.id, n.parent FROM nodes n JOIN c ON n.parent = c.id) SELECT * FROM c
--> read: cacheable
--> reads: nodes{id=?1}, nodes

WITH RECURSIVE a AS (SELECT 1 FROM t UNION ALL SELECT 1 FROM b), b AS (SELECT * FROM a) SELECT * FROM b
--> read: cacheable
--> reads: t, b

WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT n.i, t.a FROM n LEFT JOIN t ON t.id = n.i
--> read: cacheable
--> reads: t

WITH x AS (SELECT * FROM t) SELECT * FROM s WHERE a IN (SELECT a FROM x)
--> read: cacheable
--> reads: t, s

WITH x AS (SELECT * FROM t) SELECT * FROM (WITH x AS (SELECT * FROM s) SELECT * FROM x) d JOIN x
--> read: cacheable
--> reads: t, s

SELECT * FROM (WITH x AS (SELECT * FROM t) SELECT * FROM x) d, x
--> read: cacheable
--> reads: t, x

SELECT (WITH x AS (SELECT * FROM t) SELECT max(a) FROM x) FROM s
--> read: cacheable
--> reads: s, t

WITH X AS (SELECT * FROM t) SELECT * FROM x
--> read: cacheable
--> reads: t, x

WITH x AS (SELECT * FROM t) SELECT * FROM x UNION SELECT * FROM s UNION SELECT * FROM x
--> read: cacheable
--> reads: t, s

WITH x AS (SELECT * FROM t) (SELECT * FROM x) ORDER BY a
--> read: cacheable
--> reads: t

WITH x (a, b) AS (SELECT 1, 2 FROM t) SELECT a FROM x WHERE b = 3
--> read: cacheable
--> reads: t

WITH x AS (SELECT NOW() AS n) SELECT * FROM t, x
--> read: time_function now
--> reads: t

WITH x AS (SELECT * FROM t FOR UPDATE) SELECT * FROM x
--> read: locking_read
--> reads: t

WITH x AS (SELECT id FROM s WHERE k = 1) UPDATE t JOIN x ON x.id = t.id SET t.a = 1 WHERE t.k = 2
--> write: write
--> reads: s{k=1}
--> writes: update t{k=2} sets a

WITH x AS (SELECT id FROM s) DELETE FROM t WHERE id IN (SELECT id FROM x)
--> write: write
--> reads: s
--> writes: delete t

WITH x AS (SELECT id FROM s) DELETE t FROM t JOIN x USING (id)
--> write: write
--> reads: s
--> writes: delete t

INSERT INTO t WITH x AS (SELECT * FROM s) SELECT * FROM x
--> write: write
--> reads: s
--> writes: t

REPLACE INTO t WITH x AS (SELECT * FROM s) SELECT * FROM x
--> write: write
--> reads: s
--> writes: t

CREATE TABLE n AS WITH x AS (SELECT * FROM s) SELECT * FROM x
--> ddl: ddl create
--> reads: s
--> writes: n
--> session: implicit commit

CREATE VIEW v AS WITH x AS (SELECT * FROM s) SELECT * FROM x
--> ddl: ddl create
--> reads: s
--> writes: v
--> session: implicit commit

