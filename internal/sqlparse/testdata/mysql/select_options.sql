SELECT SQL_NO_CACHE a FROM t
--> read: no_cache_modifier sql_no_cache
--> reads: t

SELECT SQL_CACHE a FROM t
--> read: cacheable
--> reads: t

SELECT SQL_CALC_FOUND_ROWS a FROM t LIMIT 10
--> read: session_function sql_calc_found_rows
--> reads: t

SELECT HIGH_PRIORITY SQL_SMALL_RESULT SQL_BUFFER_RESULT a FROM t
--> read: cacheable
--> reads: t

SELECT DISTINCT a FROM t
--> read: cacheable
--> reads: t

SELECT ALL a FROM t
--> read: cacheable
--> reads: t

SELECT a FROM t FOR UPDATE
--> read: locking_read
--> reads: t

SELECT a FROM t FOR UPDATE NOWAIT
--> read: locking_read
--> reads: t

SELECT a FROM t FOR UPDATE WAIT 3
--> read: locking_read
--> reads: t

SELECT a FROM t FOR UPDATE OF t SKIP LOCKED
--> read: locking_read
--> reads: t

SELECT a FROM t FOR SHARE
--> read: locking_read
--> reads: t

SELECT a FROM t, s FOR SHARE OF t FOR UPDATE OF s
--> read: locking_read
--> reads: t, s

SELECT a FROM t LOCK IN SHARE MODE
--> read: locking_read
--> reads: t

SELECT * FROM (SELECT a FROM t FOR UPDATE) x
--> read: locking_read
--> reads: t

SELECT a FROM t WHERE b IN (SELECT b FROM s LOCK IN SHARE MODE)
--> read: locking_read
--> reads: t, s

SELECT a INTO @x FROM t
--> other: select_into
--> reads: t
--> session: @x

SELECT a, b FROM t LIMIT 1 INTO @x, @y
--> other: select_into
--> reads: t
--> session: @x, @y

SELECT a INTO OUTFILE '/tmp/x' FIELDS TERMINATED BY ',' FROM t
--> other: select_into
--> reads: t

SELECT a FROM t INTO DUMPFILE '/tmp/x'
--> other: select_into
--> reads: t

SELECT a FROM t INTO @x FOR UPDATE
--> other: locking_read
--> reads: t
--> session: @x

SELECT user FROM mysql.user
--> read: system_catalog mysql
--> reads: mysql.user

SELECT * FROM INFORMATION_SCHEMA.TABLES
--> read: system_catalog information_schema
--> reads: INFORMATION_SCHEMA.TABLES

SELECT * FROM performance_schema.threads, t
--> read: system_catalog performance_schema
--> reads: performance_schema.threads, t

SELECT * FROM sys.session
--> read: system_catalog sys
--> reads: sys.session

SELECT a FROM t WHERE x IN (SELECT y FROM information_schema.columns)
--> read: system_catalog information_schema
--> reads: t, information_schema.columns

SELECT 1
--> read: no_table

SELECT 1 FROM DUAL
--> read: no_table

SELECT 'x' AS y
--> read: no_table

