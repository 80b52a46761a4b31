SELECT (SELECT max(b) FROM s) FROM t
--> read: cacheable
--> reads: t, s

SELECT * FROM t WHERE a = (SELECT max(a) FROM s WHERE s.k = 1)
--> read: cacheable
--> reads: t, s{k=1}

SELECT * FROM t WHERE a > ALL (SELECT a FROM s)
--> read: cacheable
--> reads: t, s

SELECT * FROM t WHERE a = ANY (SELECT a FROM s) OR a = SOME (SELECT a FROM r)
--> read: cacheable
--> reads: t, s, r

SELECT * FROM t WHERE NOT EXISTS (SELECT 1 FROM s WHERE s.id = t.id)
--> read: cacheable
--> reads: t, s

SELECT * FROM t WHERE (a, b) NOT IN (SELECT a, b FROM s)
--> read: cacheable
--> reads: t, s

SELECT * FROM t WHERE ROW(a, b) = (SELECT a, b FROM s LIMIT 1)
--> read: cacheable
--> reads: t, s

SELECT * FROM t HAVING (SELECT count(*) FROM s) > 1
--> read: cacheable
--> reads: t, s

SELECT * FROM t ORDER BY (SELECT x FROM s WHERE s.id = t.id) DESC LIMIT 5
--> read: cacheable
--> reads: t, s

SELECT a, count(*) FROM t GROUP BY a, (SELECT x FROM s LIMIT 1) WITH ROLLUP
--> read: cacheable
--> reads: t, s

SELECT SUM(a) OVER (PARTITION BY (SELECT x FROM s) ORDER BY (SELECT y FROM r)) FROM t
--> read: cacheable
--> reads: t, s, r

SELECT SUM(a) OVER w FROM t WINDOW w AS (PARTITION BY (SELECT x FROM s))
--> read: cacheable
--> reads: t, s

SELECT CASE WHEN EXISTS (SELECT 1 FROM s) THEN (SELECT x FROM r) ELSE (SELECT y FROM q) END FROM t
--> read: cacheable
--> reads: t, s, r, q

SELECT GROUP_CONCAT(a ORDER BY (SELECT x FROM s) SEPARATOR ',') FROM t
--> read: cacheable
--> reads: t, s

SELECT * FROM (SELECT * FROM (SELECT * FROM t WHERE k = 1) x WHERE k = 2) y WHERE k = 3
--> read: cacheable
--> reads: t{k=1}

SELECT * FROM t JOIN s ON s.id = (SELECT min(id) FROM r WHERE r.k = 7)
--> read: cacheable
--> reads: r{k=7}, t, s

SELECT IF((SELECT 1 FROM s), COALESCE((SELECT 2 FROM r), 0), INTERVAL(1, (SELECT 3 FROM q))) FROM t
--> read: cacheable
--> reads: t, s, r, q

SELECT a BETWEEN (SELECT 1 FROM s) AND (SELECT 2 FROM r), a LIKE (SELECT 3 FROM q), a REGEXP (SELECT 4 FROM p) FROM t
--> read: cacheable
--> reads: t, s, r, q, p

SELECT a IS NULL, (SELECT 1 FROM s) IS TRUE, -(SELECT 2 FROM r), CAST((SELECT 3 FROM q) AS CHAR), BINARY (SELECT 4 FROM p) FROM t
--> read: cacheable
--> reads: t, s, r, q, p

SELECT DATE_ADD(a, INTERVAL (SELECT 1 FROM s) DAY), (SELECT 'x' FROM r) COLLATE utf8mb4_bin FROM t
--> read: cacheable
--> reads: t, s, r

SELECT JSON_EXTRACT((SELECT j FROM s), '$.a'), MATCH (a) AGAINST ('x') FROM t
--> read: cacheable
--> reads: t, s

SELECT * FROM users WHERE id IN (SELECT user_id FROM orders WHERE tenant_id = 5) AND tenant_id = 6
--> read: cacheable
--> reads: users{tenant_id=6}, orders{tenant_id=5}

SELECT * FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id AND u.tenant_id = 5)
--> read: cacheable
--> reads: users, orders

VALUES ROW(1, (SELECT a FROM t)), ROW(2, 3) ORDER BY (SELECT b FROM s)
--> read: cacheable
--> reads: t, s

SELECT * FROM t WHERE a IN (VALUES ROW(1), ROW(2))
--> read: cacheable
--> reads: t

TABLE t
--> read: cacheable
--> reads: t

TABLE db.t ORDER BY a LIMIT 1 OFFSET 2
--> read: cacheable
--> reads: db.t

(SELECT * FROM t WHERE k = 1)
--> read: cacheable
--> reads: t{k=1}

((SELECT * FROM t) LIMIT 1)
--> read: cacheable
--> reads: t

