-- case: select a from t where k = 1 union select a from s where k = 2
SELECT a FROM t WHERE k = 1 UNION SELECT a FROM s WHERE k = 2

-- case: select a from t union all select a from s union distinct select a from
SELECT a FROM t UNION ALL SELECT a FROM s UNION DISTINCT SELECT a FROM r LIMIT 3

-- case: select a from t except select a from s
SELECT a FROM t EXCEPT SELECT a FROM s

-- case: select a from t intersect select a from s
SELECT a FROM t INTERSECT SELECT a FROM s

-- case: select a from t intersect all select a from s except all select a from
SELECT a FROM t INTERSECT ALL SELECT a FROM s EXCEPT ALL SELECT a FROM r

-- case: select a from t union select a from s order by a limit 1
(SELECT a FROM t) UNION (SELECT a FROM s) ORDER BY a LIMIT 1

-- case: select a from t order by a limit 1 union all select a from s except
(SELECT a FROM t ORDER BY a LIMIT 1) UNION ALL ((SELECT a FROM s) EXCEPT (SELECT a FROM r))

-- case: select a from t union select a from s order by select max x from r
SELECT a FROM t UNION SELECT a FROM s ORDER BY (SELECT max(x) FROM r)

-- case: select a from t union select a from s limit 10 offset 5
SELECT a FROM t UNION SELECT a FROM s LIMIT 10 OFFSET 5

-- case: select * from select a from t union select a from s d where a = 1
SELECT * FROM (SELECT a FROM t UNION SELECT a FROM s) d WHERE a = 1

-- case: select * from t where a in select a from s union select a from r
SELECT * FROM t WHERE a IN (SELECT a FROM s UNION SELECT a FROM r)

-- case: select a from t union select now
SELECT a FROM t UNION SELECT NOW()

-- case: select a from t union select a from s for update
SELECT a FROM t UNION SELECT a FROM s FOR UPDATE

-- case: select a from t union table s
SELECT a FROM t UNION TABLE s

-- case: select a from t union values row 1
SELECT a FROM t UNION VALUES ROW(1)

-- case: select a from t union select a into @x from s
SELECT a FROM t UNION SELECT a INTO @x FROM s

-- case: select sql_no_cache a from t union select a from s
SELECT SQL_NO_CACHE a FROM t UNION SELECT a FROM s

-- case: select a from t union select sql_calc_found_rows a from s
SELECT a FROM t UNION SELECT SQL_CALC_FOUND_ROWS a FROM s

-- case: select 1 union select 2
SELECT 1 UNION SELECT 2
