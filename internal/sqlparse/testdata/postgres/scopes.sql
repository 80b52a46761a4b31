-- case: cte
WITH x AS (SELECT * FROM orders) SELECT * FROM x
-- case: cte hides a table of its name after itself
WITH users AS (SELECT * FROM users) SELECT * FROM users
-- case: cte reads the table of its own name
WITH users AS (SELECT id FROM users WHERE id = $1) SELECT * FROM users WHERE id = $2
-- case: recursive cte is itself
WITH RECURSIVE users AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM users) SELECT * FROM users
-- case: recursive over a table
WITH RECURSIVE tree AS (SELECT id FROM nodes WHERE id = $1 UNION ALL SELECT n.id FROM nodes n JOIN tree t ON n.parent_id = t.id) SELECT * FROM tree
-- case: later cte is not seen without recursive
WITH a AS (SELECT * FROM b), b AS (SELECT * FROM c) SELECT * FROM a
-- case: later cte is seen with recursive
WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT * FROM c) SELECT * FROM a
-- case: earlier cte is seen
WITH a AS (SELECT * FROM t), b AS (SELECT * FROM a) SELECT * FROM b
-- case: nested with ends with its query
SELECT * FROM (WITH x AS (SELECT * FROM a) SELECT * FROM x) s JOIN x ON x.id = s.id
-- case: nested with hides the outer
WITH x AS (SELECT * FROM a) SELECT * FROM (WITH x AS (SELECT * FROM b) SELECT * FROM x) s, x
-- case: outer cte in a subquery
WITH x AS (SELECT * FROM a) SELECT * FROM t WHERE id IN (SELECT id FROM x)
-- case: cte in a nested with
WITH x AS (SELECT * FROM a) SELECT (WITH y AS (SELECT * FROM x) SELECT count(*) FROM y)
-- case: schema makes it a table
WITH x AS (SELECT * FROM orders) SELECT * FROM x, public.x AS y
-- case: cte name folds
WITH X AS (SELECT * FROM orders) SELECT * FROM x
-- case: quoted cte name does not fold
WITH "X" AS (SELECT * FROM orders) SELECT * FROM x
-- case: cte in one arm of a union only
(WITH x AS (SELECT * FROM a) SELECT * FROM x) UNION SELECT * FROM x
-- case: cte of a union
WITH x AS (SELECT * FROM a) SELECT * FROM x UNION SELECT * FROM x
-- case: materialized
WITH x AS MATERIALIZED (SELECT * FROM a) SELECT * FROM x
-- case: not materialized
WITH x AS NOT MATERIALIZED (SELECT * FROM a) SELECT * FROM x
-- case: values as cte
WITH v (id) AS (VALUES (1), (2)) SELECT * FROM t JOIN v USING (id)
-- case: search clause
WITH RECURSIVE t AS (SELECT id FROM n UNION ALL SELECT n.id FROM n, t WHERE n.p = t.id) SEARCH DEPTH FIRST BY id SET o SELECT * FROM t ORDER BY o
-- case: cycle clause
WITH RECURSIVE t AS (SELECT id FROM n UNION ALL SELECT n.id FROM n, t WHERE n.p = t.id) CYCLE id SET c USING p SELECT * FROM t
-- case: cte unused
WITH x AS (SELECT * FROM a) SELECT * FROM b
-- case: cte never hides a target
WITH t AS (SELECT * FROM a) INSERT INTO t SELECT * FROM t
-- case: cte never hides an update target
WITH t AS (SELECT * FROM a) UPDATE t SET x = 1
-- case: cte never hides a delete target
WITH t AS (SELECT * FROM a) DELETE FROM t USING t AS s WHERE s.id = t.id
-- case: cte in insert select
INSERT INTO dst WITH x AS (SELECT * FROM src) SELECT * FROM x
-- case: two with clauses on an insert
WITH a AS (SELECT * FROM s1) INSERT INTO dst WITH b AS (SELECT * FROM a) SELECT * FROM b
-- case: predicate stays with its level
WITH x AS (SELECT * FROM orders WHERE user_id = $1) SELECT * FROM x WHERE id = $2
-- case: cte deletes
WITH d AS (DELETE FROM sessions WHERE id = $1 RETURNING user_id) SELECT * FROM users WHERE id IN (SELECT user_id FROM d)
-- case: cte inserts and updates
WITH i AS (INSERT INTO b SELECT * FROM a RETURNING id), u AS (UPDATE c SET n = n + 1 WHERE id IN (SELECT id FROM i) RETURNING id) SELECT count(*) FROM u
-- case: cte merges
WITH m AS (MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE RETURNING t.id) SELECT * FROM m
-- case: nested cte writes
SELECT * FROM (SELECT 1) s, t WHERE EXISTS (WITH d AS (DELETE FROM x RETURNING 1) SELECT * FROM d)
