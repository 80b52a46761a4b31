-- case: select sql_no_cache a from t
SELECT SQL_NO_CACHE a FROM t

-- case: select sql_cache a from t
SELECT SQL_CACHE a FROM t

-- case: select sql_calc_found_rows a from t limit 10
SELECT SQL_CALC_FOUND_ROWS a FROM t LIMIT 10

-- case: select high_priority sql_small_result sql_buffer_result a from t
SELECT HIGH_PRIORITY SQL_SMALL_RESULT SQL_BUFFER_RESULT a FROM t

-- case: select distinct a from t
SELECT DISTINCT a FROM t

-- case: select all a from t
SELECT ALL a FROM t

-- case: select a from t for update
SELECT a FROM t FOR UPDATE

-- case: select a from t for update nowait
SELECT a FROM t FOR UPDATE NOWAIT

-- case: select a from t for update wait 3
SELECT a FROM t FOR UPDATE WAIT 3

-- case: select a from t for update of t skip locked
SELECT a FROM t FOR UPDATE OF t SKIP LOCKED

-- case: select a from t for share
SELECT a FROM t FOR SHARE

-- case: select a from t s for share of t for update of s
SELECT a FROM t, s FOR SHARE OF t FOR UPDATE OF s

-- case: select a from t lock in share mode
SELECT a FROM t LOCK IN SHARE MODE

-- case: select * from select a from t for update x
SELECT * FROM (SELECT a FROM t FOR UPDATE) x

-- case: select a from t where b in select b from s lock in share mode
SELECT a FROM t WHERE b IN (SELECT b FROM s LOCK IN SHARE MODE)

-- case: select a into @x from t
SELECT a INTO @x FROM t

-- case: select a b from t limit 1 into @x @y
SELECT a, b FROM t LIMIT 1 INTO @x, @y

-- case: select a into outfile tmp x fields terminated by from t
SELECT a INTO OUTFILE '/tmp/x' FIELDS TERMINATED BY ',' FROM t

-- case: select a from t into dumpfile tmp x
SELECT a FROM t INTO DUMPFILE '/tmp/x'

-- case: select a from t into @x for update
SELECT a FROM t INTO @x FOR UPDATE

-- case: select user from mysql.user
SELECT user FROM mysql.user

-- case: select * from information_schema.tables
SELECT * FROM INFORMATION_SCHEMA.TABLES

-- case: select * from performance_schema.threads t
SELECT * FROM performance_schema.threads, t

-- case: select * from sys.session
SELECT * FROM sys.session

-- case: select a from t where x in select y from information_schema.columns
SELECT a FROM t WHERE x IN (SELECT y FROM information_schema.columns)

-- case: select 1
SELECT 1

-- case: select 1 from dual
SELECT 1 FROM DUAL

-- case: select x as y
SELECT 'x' AS y
