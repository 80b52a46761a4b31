SELECT a FROM t WHERE k = 1 UNION SELECT a FROM s WHERE k = 2
--> read: cacheable
--> reads: t{k=1}, s{k=2}

SELECT a FROM t UNION ALL SELECT a FROM s UNION DISTINCT SELECT a FROM r LIMIT 3
--> read: cacheable
--> reads: t, s, r

SELECT a FROM t EXCEPT SELECT a FROM s
--> read: cacheable
--> reads: t, s

SELECT a FROM t INTERSECT SELECT a FROM s
--> read: cacheable
--> reads: t, s

SELECT a FROM t INTERSECT ALL SELECT a FROM s EXCEPT ALL SELECT a FROM r
--> read: cacheable
--> reads: t, s, r

(SELECT a FROM t) UNION (SELECT a FROM s) ORDER BY a LIMIT 1
--> read: cacheable
--> reads: t, s

(SELECT a FROM t ORDER BY a LIMIT 1) UNION ALL ((SELECT a FROM s) EXCEPT (SELECT a FROM r))
--> read: cacheable
--> reads: t, s, r

SELECT a FROM t UNION SELECT a FROM s ORDER BY (SELECT max(x) FROM r)
--> read: cacheable
--> reads: t, s, r

SELECT a FROM t UNION SELECT a FROM s LIMIT 10 OFFSET 5
--> read: cacheable
--> reads: t, s

SELECT * FROM (SELECT a FROM t UNION SELECT a FROM s) d WHERE a = 1
--> read: cacheable
--> reads: t, s

SELECT * FROM t WHERE a IN (SELECT a FROM s UNION SELECT a FROM r)
--> read: cacheable
--> reads: t, s, r

SELECT a FROM t UNION SELECT NOW()
--> read: time_function now
--> reads: t

SELECT a FROM t UNION SELECT a FROM s FOR UPDATE
--> read: locking_read
--> reads: t, s

SELECT a FROM t UNION TABLE s
--> read: cacheable
--> reads: t, s

SELECT a FROM t UNION VALUES ROW(1)
--> read: cacheable
--> reads: t

SELECT a FROM t UNION SELECT a INTO @x FROM s
--> other: select_into
--> reads: t, s
--> session: @x

SELECT SQL_NO_CACHE a FROM t UNION SELECT a FROM s
--> read: no_cache_modifier sql_no_cache
--> reads: t, s

SELECT a FROM t UNION SELECT SQL_CALC_FOUND_ROWS a FROM s
--> read: session_function sql_calc_found_rows
--> reads: t, s

SELECT 1 UNION SELECT 2
--> read: no_table

