-- case: select select max b from s from t
SELECT (SELECT max(b) FROM s) FROM t

-- case: select * from t where a = select max a from s where s.k = 1
SELECT * FROM t WHERE a = (SELECT max(a) FROM s WHERE s.k = 1)

-- case: select * from t where a > all select a from s
SELECT * FROM t WHERE a > ALL (SELECT a FROM s)

-- case: select * from t where a = any select a from s or a = some select a from
SELECT * FROM t WHERE a = ANY (SELECT a FROM s) OR a = SOME (SELECT a FROM r)

-- case: select * from t where not exists select 1 from s where s.id = t.id
SELECT * FROM t WHERE NOT EXISTS (SELECT 1 FROM s WHERE s.id = t.id)

-- case: select * from t where a b not in select a b from s
SELECT * FROM t WHERE (a, b) NOT IN (SELECT a, b FROM s)

-- case: select * from t where row a b = select a b from s limit 1
SELECT * FROM t WHERE ROW(a, b) = (SELECT a, b FROM s LIMIT 1)

-- case: select * from t having select count * from s > 1
SELECT * FROM t HAVING (SELECT count(*) FROM s) > 1

-- case: select * from t order by select x from s where s.id = t.id desc limit 5
SELECT * FROM t ORDER BY (SELECT x FROM s WHERE s.id = t.id) DESC LIMIT 5

-- case: select a count * from t group by a select x from s limit 1 with rollup
SELECT a, count(*) FROM t GROUP BY a, (SELECT x FROM s LIMIT 1) WITH ROLLUP

-- case: select sum a over partition by select x from s order by select y from r
SELECT SUM(a) OVER (PARTITION BY (SELECT x FROM s) ORDER BY (SELECT y FROM r)) FROM t

-- case: select sum a over w from t window w as partition by select x from s
SELECT SUM(a) OVER w FROM t WINDOW w AS (PARTITION BY (SELECT x FROM s))

-- case: select case when exists select 1 from s then select x from r else
SELECT CASE WHEN EXISTS (SELECT 1 FROM s) THEN (SELECT x FROM r) ELSE (SELECT y FROM q) END FROM t

-- case: select group_concat a order by select x from s separator from t
SELECT GROUP_CONCAT(a ORDER BY (SELECT x FROM s) SEPARATOR ',') FROM t

-- case: select * from select * from select * from t where k = 1 x where k = 2 y
SELECT * FROM (SELECT * FROM (SELECT * FROM t WHERE k = 1) x WHERE k = 2) y WHERE k = 3

-- case: select * from t join s on s.id = select min id from r where r.k = 7
SELECT * FROM t JOIN s ON s.id = (SELECT min(id) FROM r WHERE r.k = 7)

-- case: select if select 1 from s coalesce select 2 from r 0 interval 1 select
SELECT IF((SELECT 1 FROM s), COALESCE((SELECT 2 FROM r), 0), INTERVAL(1, (SELECT 3 FROM q))) FROM t

-- case: select a between select 1 from s and select 2 from r a like select 3
SELECT a BETWEEN (SELECT 1 FROM s) AND (SELECT 2 FROM r), a LIKE (SELECT 3 FROM q), a REGEXP (SELECT 4 FROM p) FROM t

-- case: select a is null select 1 from s is true - select 2 from r cast select
SELECT a IS NULL, (SELECT 1 FROM s) IS TRUE, -(SELECT 2 FROM r), CAST((SELECT 3 FROM q) AS CHAR), BINARY (SELECT 4 FROM p) FROM t

-- case: select date_add a interval select 1 from s day select x from r collate
SELECT DATE_ADD(a, INTERVAL (SELECT 1 FROM s) DAY), (SELECT 'x' FROM r) COLLATE utf8mb4_bin FROM t

-- case: select json_extract select j from s .a match a against x from t
SELECT JSON_EXTRACT((SELECT j FROM s), '$.a'), MATCH (a) AGAINST ('x') FROM t

-- case: select * from users where id in select user_id from orders where
SELECT * FROM users WHERE id IN (SELECT user_id FROM orders WHERE tenant_id = 5) AND tenant_id = 6

-- case: select * from users u where exists select 1 from orders o where
SELECT * FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id AND u.tenant_id = 5)

-- case: values row 1 select a from t row 2 3 order by select b from s
VALUES ROW(1, (SELECT a FROM t)), ROW(2, 3) ORDER BY (SELECT b FROM s)

-- case: select * from t where a in values row 1 row 2
SELECT * FROM t WHERE a IN (VALUES ROW(1), ROW(2))

-- case: table t
TABLE t

-- case: table db.t order by a limit 1 offset 2
TABLE db.t ORDER BY a LIMIT 1 OFFSET 2

-- case: select * from t where k = 1
(SELECT * FROM t WHERE k = 1)

-- case: select * from t limit 1
((SELECT * FROM t) LIMIT 1)
