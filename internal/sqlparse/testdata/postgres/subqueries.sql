-- case: in the select list
SELECT u.id, (SELECT count(*) FROM orders o WHERE o.uid = u.id) FROM users u
-- case: in from
SELECT * FROM (SELECT * FROM a) s
-- case: in where
SELECT * FROM a WHERE id IN (SELECT aid FROM b)
-- case: not in
SELECT * FROM a WHERE id NOT IN (SELECT aid FROM b)
-- case: exists
SELECT * FROM a WHERE EXISTS (SELECT 1 FROM b)
-- case: any
SELECT * FROM a WHERE x > ANY (SELECT y FROM b)
-- case: all
SELECT * FROM a WHERE x = ALL (SELECT y FROM b)
-- case: row comparison
SELECT * FROM a WHERE (x, y) = (SELECT p, q FROM b)
-- case: in having
SELECT x FROM a GROUP BY x HAVING sum(y) > (SELECT avg(z) FROM b)
-- case: in order by
SELECT * FROM a ORDER BY (SELECT max(x) FROM b WHERE b.id = a.id)
-- case: in group by
SELECT 1 FROM a GROUP BY (SELECT x FROM b LIMIT 1)
-- case: in limit
SELECT * FROM a LIMIT (SELECT n FROM settings)
-- case: in offset
SELECT * FROM a OFFSET (SELECT n FROM settings)
-- case: in fetch first
SELECT * FROM a FETCH FIRST (SELECT n FROM settings) ROWS ONLY
-- case: in values
VALUES ((SELECT max(id) FROM a)), (2)
-- case: in insert values
INSERT INTO t (id) VALUES ((SELECT max(id) + 1 FROM s))
-- case: in returning
INSERT INTO t (id) VALUES (1) RETURNING (SELECT count(*) FROM s)
-- case: in update set
UPDATE t SET x = (SELECT y FROM s WHERE s.id = t.id)
-- case: in update set of columns
UPDATE t SET (a, b) = (SELECT x, y FROM s WHERE s.id = t.id)
-- case: in update returning
UPDATE t SET a = 1 RETURNING (SELECT x FROM s)
-- case: in on conflict
INSERT INTO t (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET n = (SELECT max(n) FROM s) WHERE t.id IN (SELECT id FROM r)
-- case: in delete returning
DELETE FROM t RETURNING (SELECT x FROM s)
-- case: in case
SELECT CASE WHEN EXISTS (SELECT 1 FROM s) THEN (SELECT x FROM r) ELSE (SELECT y FROM q) END FROM t
-- case: in coalesce
SELECT COALESCE((SELECT x FROM s), 0) FROM t
-- case: in a function argument
SELECT abs((SELECT x FROM s)) FROM t
-- case: in an array
SELECT ARRAY(SELECT x FROM s) FROM t
-- case: in an array constructor
SELECT ARRAY[(SELECT x FROM s)] FROM t
-- case: in an array index
SELECT a[(SELECT i FROM s)] FROM t
-- case: in a row
SELECT ROW((SELECT x FROM s), 1) FROM t
-- case: in a cast
SELECT (SELECT x FROM s)::text FROM t
-- case: in a join condition
SELECT * FROM t JOIN s ON t.a = (SELECT max(a) FROM r)
-- case: in a window
SELECT sum(x) OVER (PARTITION BY (SELECT y FROM s)) FROM t
-- case: in a named window
SELECT sum(x) OVER w FROM t WINDOW w AS (ORDER BY (SELECT y FROM s))
-- case: in a window frame
SELECT sum(x) OVER (ORDER BY x ROWS (SELECT n FROM s) PRECEDING) FROM t
-- case: in a filter
SELECT count(*) FILTER (WHERE x IN (SELECT y FROM s)) FROM t
-- case: in an aggregate order
SELECT string_agg(x, ',' ORDER BY (SELECT y FROM s)) FROM t
-- case: in within group
SELECT percentile_cont((SELECT p FROM s)) WITHIN GROUP (ORDER BY x) FROM t
-- case: in distinct on
SELECT DISTINCT ON ((SELECT x FROM s)) * FROM t
-- case: in grouping sets
SELECT 1 FROM t GROUP BY GROUPING SETS ((a), ((SELECT x FROM s)))
-- case: in is null
SELECT (SELECT x FROM s) IS NULL FROM t
-- case: in between
SELECT * FROM t WHERE a BETWEEN (SELECT x FROM s) AND (SELECT y FROM r)
-- case: in like
SELECT * FROM t WHERE a LIKE (SELECT p FROM s) ESCAPE (SELECT e FROM r)
-- case: in at time zone
SELECT a AT TIME ZONE (SELECT z FROM s) FROM t
-- case: in a named argument
SELECT make_interval(days => (SELECT d FROM s)) FROM t
-- case: in a json constructor
SELECT JSON_OBJECT('a' VALUE (SELECT x FROM s)) FROM t
-- case: in a json array query
SELECT JSON_ARRAY(SELECT x FROM s) FROM t
-- case: in a table sample
SELECT * FROM t TABLESAMPLE SYSTEM ((SELECT p FROM s))
-- case: in xml
SELECT xmlelement(name a, (SELECT x FROM s)) FROM t
-- case: in collate
SELECT (SELECT x FROM s) COLLATE "C" FROM t
-- case: in a table function
SELECT * FROM generate_series(1, (SELECT n FROM s)) g
-- case: in a merge condition
MERGE INTO t USING s ON t.id = (SELECT max(id) FROM r) WHEN MATCHED THEN DELETE
-- case: in a merge action
MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET x = (SELECT y FROM r) WHEN NOT MATCHED THEN INSERT VALUES ((SELECT z FROM q))
-- case: in copy where
COPY t FROM STDIN WHERE a > 5
-- case: in call
CALL p((SELECT max(id) FROM s))
-- case: in execute
EXECUTE p((SELECT max(id) FROM s))
-- case: deeply nested
SELECT * FROM a WHERE id IN (SELECT id FROM b WHERE id IN (SELECT id FROM c WHERE id IN (SELECT id FROM d)))
-- case: union
SELECT * FROM a UNION SELECT * FROM b
-- case: intersect except
SELECT * FROM a INTERSECT SELECT * FROM b EXCEPT SELECT * FROM c
-- case: union in parentheses
(SELECT * FROM a) UNION ALL (SELECT * FROM b ORDER BY 1 LIMIT 1) ORDER BY 1
-- case: union of values and table
VALUES (1) UNION TABLE a
