SELECT ABS(a), ROUND(b, 2), CONCAT(a, 'x'), UPPER(c), IFNULL(d, 0), SUBSTRING(a FROM 2 FOR 3), TRIM(BOTH 'x' FROM a) FROM t
--> read: cacheable
--> reads: t

SELECT COUNT(*), COUNT(DISTINCT a, b), SUM(a), AVG(b), STD(c), VARIANCE(d), BIT_XOR(e), JSON_ARRAYAGG(f), ANY_VALUE(g) FROM t
--> read: cacheable
--> reads: t

SELECT ROW_NUMBER() OVER (ORDER BY a), LAG(b, 1) OVER w, NTH_VALUE(c, 2) OVER w FROM t WINDOW w AS (ORDER BY a ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING)
--> read: cacheable
--> reads: t

SELECT POSITION('a' IN b), EXTRACT(YEAR_MONTH FROM d), CHAR(65, 66 USING utf8mb4), CONVERT(a USING utf8mb4), CONVERT(a, CHAR(3)), INSERT(a, 1, 2, 'x'), a MEMBER OF ('[1]'), a SOUNDS LIKE b FROM t
--> read: cacheable
--> reads: t

SELECT a->'$.b', a->>'$.c', JSON_VALUE(a, '$.d' RETURNING DECIMAL(4,2)), JSON_OBJECT('k', a) FROM t
--> read: cacheable
--> reads: t

SELECT ST_Distance(a, POINT(1, 2)), ST_AsText(b), MBRContains(a, b) FROM t
--> read: cacheable
--> reads: t

SELECT MD5(a), SHA2(a, 256), AES_DECRYPT(a, 'k'), CRC32(a), HEX(a), UNHEX(b), INET_ATON(c), UUID_TO_BIN(d) FROM t
--> read: cacheable
--> reads: t

SELECT DATE_FORMAT(a, '%Y'), STR_TO_DATE(b, '%d'), TIMESTAMPDIFF(DAY, a, b), a + INTERVAL 1 DAY, LAST_DAY(a), CONVERT_TZ(a, 'UTC', '+01:00'), FROM_UNIXTIME(a), UNIX_TIMESTAMP(b) FROM t
--> read: cacheable
--> reads: t

SELECT a FROM t WHERE b > NOW()
--> read: time_function now
--> reads: t

SELECT a FROM t WHERE b > CURRENT_TIMESTAMP
--> read: time_function current_timestamp
--> reads: t

SELECT a FROM t WHERE b > CURRENT_TIMESTAMP(6)
--> read: time_function current_timestamp
--> reads: t

SELECT a FROM t WHERE b = CURRENT_DATE
--> read: time_function current_date
--> reads: t

SELECT a FROM t WHERE b = CURRENT_DATE()
--> read: time_function current_date
--> reads: t

SELECT a FROM t WHERE b < CURRENT_TIME OR b < CURTIME()
--> read: time_function current_time
--> reads: t

SELECT a FROM t WHERE b < LOCALTIME OR b < LOCALTIMESTAMP
--> read: time_function localtime
--> reads: t

SELECT a FROM t WHERE b < UTC_TIMESTAMP()
--> read: time_function utc_timestamp
--> reads: t

SELECT a FROM t WHERE b < UTC_DATE
--> read: time_function utc_date
--> reads: t

SELECT a FROM t WHERE b < UNIX_TIMESTAMP()
--> read: time_function unix_timestamp
--> reads: t

SELECT a FROM t WHERE b < SYSDATE()
--> read: time_function sysdate
--> reads: t

SELECT a FROM t WHERE owner = USER()
--> read: session_function user
--> reads: t

SELECT a FROM t WHERE owner = CURRENT_USER
--> read: session_function current_user
--> reads: t

SELECT a FROM t WHERE r = CURRENT_ROLE()
--> read: session_function current_role
--> reads: t

SELECT a FROM t WHERE id = LAST_INSERT_ID()
--> read: session_function last_insert_id
--> reads: t

SELECT a FROM t WHERE s = DATABASE()
--> read: session_function database
--> reads: t

SELECT a, CONNECTION_ID(), ROW_COUNT(), VERSION() FROM t
--> read: session_function connection_id
--> reads: t

SELECT a FROM t WHERE RAND() < 0.5
--> read: volatile_function rand
--> reads: t

SELECT UUID(), a FROM t
--> read: volatile_function uuid
--> reads: t

SELECT SLEEP(1) FROM t
--> read: volatile_function sleep
--> reads: t

SELECT BENCHMARK(10, MD5('x')) FROM t
--> read: volatile_function benchmark
--> reads: t

SELECT LOAD_FILE(a) FROM t
--> read: volatile_function load_file
--> reads: t

SELECT IS_FREE_LOCK('x'), IS_USED_LOCK('x')
--> read: volatile_function is_free_lock

SELECT MASTER_POS_WAIT('x', 1)
--> read: volatile_function master_pos_wait

SELECT RANDOM_BYTES(4), a FROM t
--> read: volatile_function random_bytes
--> reads: t

SELECT NEXTVAL(s)
--> read: volatile_function nextval

SELECT NEXT VALUE FOR s
--> read: volatile_function nextval
--> reads: s

SELECT NEXT VALUE FOR db.s FROM t
--> read: volatile_function nextval
--> reads: t

SELECT LASTVAL(s)
--> read: session_function lastval

SELECT SETVAL(s, 5)
--> read: volatile_function setval

SELECT DEFAULT(a) FROM t
--> read: volatile_function default
--> reads: t

SELECT f(a) FROM t
--> read: cacheable
--> reads: t
--> functions: f

SELECT db.f(a), f(a), F(b) FROM t
--> read: cacheable
--> reads: t
--> functions: db.f, f, F

SELECT db.now() FROM t
--> read: cacheable
--> reads: t
--> functions: db.now

SELECT `now`() FROM t
--> read: time_function now
--> reads: t

SELECT now () FROM t
--> unknown: unparsed

SELECT char_func(a) FROM t
--> read: cacheable
--> reads: t
--> functions: char_func

SELECT @x FROM t
--> read: user_variable @x
--> reads: t

SELECT @x := a FROM t
--> read: user_variable @x
--> reads: t
--> session: @x

SELECT @'x', @`y` FROM t
--> read: user_variable @x
--> reads: t

SELECT @@max_connections
--> read: system_variable @@max_connections

SELECT a, @@session.time_zone FROM t
--> read: system_variable @@time_zone
--> reads: t

SELECT a FROM t LIMIT 10 ROWS EXAMINED 100
--> unknown: unparsed

SELECT a FROM t PROCEDURE ANALYSE()
--> unknown: unparsed

