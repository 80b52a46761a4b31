SELECT * FROM t FOR SYSTEM_TIME ALL WHERE id = 1
--> read: cacheable
--> reads: t{id=1}

SELECT * FROM t FOR SYSTEM_TIME AS OF TIMESTAMP '2024-01-01' AS x WHERE x.id = 1
--> read: cacheable
--> reads: t{id=1}

SELECT * FROM t FOR SYSTEM_TIME AS OF ? WHERE id = ?
--> read: cacheable
--> reads: t{id=?2}

SELECT * FROM t FOR SYSTEM_TIME BETWEEN '2024-01-01' AND '2024-02-01'
--> read: cacheable
--> reads: t

SELECT * FROM t FOR SYSTEM_TIME FROM TIMESTAMP '2024-01-01' TO TIMESTAMP '2024-02-01', s FOR SYSTEM_TIME ALL
--> read: cacheable
--> reads: t, s

SELECT * FROM t FOR SYSTEM_TIME AS OF NOW() - INTERVAL 1 DAY
--> unknown: unparsed

SELECT * FROM t FOR SYSTEM_TIME AS OF (SELECT max(x) FROM s)
--> unknown: unparsed

VALUES (1, 2), (3, 4)
--> read: no_table

SELECT * FROM (VALUES (1, 2), (3, 4)) v
--> read: no_table

SELECT * FROM t WHERE a IN (VALUES (1), (2))
--> read: cacheable
--> reads: t

WITH x (a) AS (VALUES (1), (2)) SELECT * FROM x JOIN t USING (a)
--> read: cacheable
--> reads: t

SELECT a FROM t UNION VALUES (1), (2)
--> read: cacheable
--> reads: t

INSERT INTO t VALUES (1), (2)
--> write: write
--> writes: insert t

SELECT a FROM t OFFSET 5 ROWS FETCH NEXT 5 ROWS ONLY
--> unknown: unparsed

SELECT a FROM t FETCH FIRST 5 ROWS ONLY
--> read: cacheable
--> reads: t

SELECT CAST(a AS INTEGER) FROM t
--> unknown: unparsed

SELECT MEDIAN(a) OVER (PARTITION BY b) FROM t
--> unknown: unparsed

SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY a) OVER () FROM t
--> unknown: unparsed

SELECT a FROM t WHERE a RLIKE 'x' AND b MOD 2 = 0
--> read: cacheable
--> reads: t

SELECT PREVIOUS VALUE FOR s
--> unknown: unparsed

SELECT * FROM t GROUP BY a LIMIT 5
--> read: cacheable
--> reads: t

UPDATE t FOR PORTION OF p FROM '2024-01-01' TO '2024-02-01' SET a = 1 WHERE id = 1
--> unknown: unparsed

DELETE FROM t FOR PORTION OF p FROM '2024-01-01' TO '2024-02-01'
--> unknown: unparsed

WITH RECURSIVE c AS (SELECT 1 a UNION ALL SELECT a + 1 FROM c) CYCLE a RESTRICT SELECT * FROM c
--> unknown: unparsed

SELECT JSON_DETAILED(a), JSON_COMPACT(b), COLUMN_GET(c, 'x' AS CHAR) FROM t
--> unknown: unparsed

