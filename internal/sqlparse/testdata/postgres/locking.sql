-- case: for update
SELECT * FROM t WHERE id = $1 FOR UPDATE
-- case: for update nowait
SELECT * FROM t FOR UPDATE NOWAIT
-- case: for update skip locked
SELECT * FROM t FOR UPDATE SKIP LOCKED
-- case: for update of
SELECT * FROM t JOIN s ON true FOR UPDATE OF s
-- case: for no key update
SELECT * FROM t FOR NO KEY UPDATE
-- case: for share
SELECT * FROM t FOR SHARE
-- case: for key share
SELECT * FROM t FOR KEY SHARE
-- case: in a subquery
SELECT * FROM (SELECT * FROM a FOR UPDATE) s
-- case: in a cte
WITH x AS (SELECT * FROM a FOR SHARE) SELECT * FROM x
-- case: after a union
SELECT * FROM (SELECT a FROM t FOR SHARE) x UNION SELECT 1
-- case: for read only
SELECT * FROM t FOR READ ONLY
