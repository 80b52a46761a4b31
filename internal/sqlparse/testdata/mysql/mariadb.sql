-- case: select * from t for system_time all where id = 1
SELECT * FROM t FOR SYSTEM_TIME ALL WHERE id = 1

-- case: select * from t for system_time as of timestamp 2024 - 01 - 01 as x
SELECT * FROM t FOR SYSTEM_TIME AS OF TIMESTAMP '2024-01-01' AS x WHERE x.id = 1

-- case: select * from t for system_time as of ? where id = ?
SELECT * FROM t FOR SYSTEM_TIME AS OF ? WHERE id = ?

-- case: select * from t for system_time between 2024 - 01 - 01 and 2024 - 02 -
SELECT * FROM t FOR SYSTEM_TIME BETWEEN '2024-01-01' AND '2024-02-01'

-- case: select * from t for system_time from timestamp 2024 - 01 - 01 to
SELECT * FROM t FOR SYSTEM_TIME FROM TIMESTAMP '2024-01-01' TO TIMESTAMP '2024-02-01', s FOR SYSTEM_TIME ALL

-- case: select * from t for system_time as of now - interval 1 day
SELECT * FROM t FOR SYSTEM_TIME AS OF NOW() - INTERVAL 1 DAY

-- case: select * from t for system_time as of select max x from s
SELECT * FROM t FOR SYSTEM_TIME AS OF (SELECT max(x) FROM s)

-- case: values 1 2 3 4
VALUES (1, 2), (3, 4)

-- case: select * from values 1 2 3 4 v
SELECT * FROM (VALUES (1, 2), (3, 4)) v

-- case: select * from t where a in values 1 2
SELECT * FROM t WHERE a IN (VALUES (1), (2))

-- case: with x a as values 1 2 select * from x join t using a
WITH x (a) AS (VALUES (1), (2)) SELECT * FROM x JOIN t USING (a)

-- case: select a from t union values 1 2
SELECT a FROM t UNION VALUES (1), (2)

-- case: insert into t values 1 2
INSERT INTO t VALUES (1), (2)

-- case: select a from t offset 5 rows fetch next 5 rows only
SELECT a FROM t OFFSET 5 ROWS FETCH NEXT 5 ROWS ONLY

-- case: select a from t fetch first 5 rows only
SELECT a FROM t FETCH FIRST 5 ROWS ONLY

-- case: select cast a as integer from t
SELECT CAST(a AS INTEGER) FROM t

-- case: select median a over partition by b from t
SELECT MEDIAN(a) OVER (PARTITION BY b) FROM t

-- case: select percentile_cont 0.5 within group order by a over from t
SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY a) OVER () FROM t

-- case: select a from t where a rlike x and b mod 2 = 0
SELECT a FROM t WHERE a RLIKE 'x' AND b MOD 2 = 0

-- case: select previous value for s
SELECT PREVIOUS VALUE FOR s

-- case: select * from t group by a limit 5
SELECT * FROM t GROUP BY a LIMIT 5

-- case: update t for portion of p from 2024 - 01 - 01 to 2024 - 02 - 01 set a =
UPDATE t FOR PORTION OF p FROM '2024-01-01' TO '2024-02-01' SET a = 1 WHERE id = 1

-- case: delete from t for portion of p from 2024 - 01 - 01 to 2024 - 02 - 01
DELETE FROM t FOR PORTION OF p FROM '2024-01-01' TO '2024-02-01'

-- case: with recursive c as select 1 a union all select a + 1 from c cycle a
WITH RECURSIVE c AS (SELECT 1 a UNION ALL SELECT a + 1 FROM c) CYCLE a RESTRICT SELECT * FROM c

-- case: select json_detailed a json_compact b column_get c x as char from t
SELECT JSON_DETAILED(a), JSON_COMPACT(b), COLUMN_GET(c, 'x' AS CHAR) FROM t
