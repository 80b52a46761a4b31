-- case: select abs a round b 2 concat a x upper c ifnull d 0 substring a from 2
SELECT ABS(a), ROUND(b, 2), CONCAT(a, 'x'), UPPER(c), IFNULL(d, 0), SUBSTRING(a FROM 2 FOR 3), TRIM(BOTH 'x' FROM a) FROM t

-- case: select count * count distinct a b sum a avg b std c variance d bit_xor
SELECT COUNT(*), COUNT(DISTINCT a, b), SUM(a), AVG(b), STD(c), VARIANCE(d), BIT_XOR(e), JSON_ARRAYAGG(f), ANY_VALUE(g) FROM t

-- case: select row_number over order by a lag b 1 over w nth_value c 2 over w
SELECT ROW_NUMBER() OVER (ORDER BY a), LAG(b, 1) OVER w, NTH_VALUE(c, 2) OVER w FROM t WINDOW w AS (ORDER BY a ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING)

-- case: select position a in b extract year_month from d char 65 66 using
SELECT POSITION('a' IN b), EXTRACT(YEAR_MONTH FROM d), CHAR(65, 66 USING utf8mb4), CONVERT(a USING utf8mb4), CONVERT(a, CHAR(3)), INSERT(a, 1, 2, 'x'), a MEMBER OF ('[1]'), a SOUNDS LIKE b FROM t

-- case: select a -> .b a ->> .c json_value a .d returning decimal 4 2
SELECT a->'$.b', a->>'$.c', JSON_VALUE(a, '$.d' RETURNING DECIMAL(4,2)), JSON_OBJECT('k', a) FROM t

-- case: select st_distance a point 1 2 st_astext b mbrcontains a b from t
SELECT ST_Distance(a, POINT(1, 2)), ST_AsText(b), MBRContains(a, b) FROM t

-- case: select md5 a sha2 a 256 aes_decrypt a k crc32 a hex a unhex b inet_aton
SELECT MD5(a), SHA2(a, 256), AES_DECRYPT(a, 'k'), CRC32(a), HEX(a), UNHEX(b), INET_ATON(c), UUID_TO_BIN(d) FROM t

-- case: select date_format a y str_to_date b d timestampdiff day a b a +
SELECT DATE_FORMAT(a, '%Y'), STR_TO_DATE(b, '%d'), TIMESTAMPDIFF(DAY, a, b), a + INTERVAL 1 DAY, LAST_DAY(a), CONVERT_TZ(a, 'UTC', '+01:00'), FROM_UNIXTIME(a), UNIX_TIMESTAMP(b) FROM t

-- case: select a from t where b > now
SELECT a FROM t WHERE b > NOW()

-- case: select a from t where b > current_timestamp
SELECT a FROM t WHERE b > CURRENT_TIMESTAMP

-- case: select a from t where b > current_timestamp 6
SELECT a FROM t WHERE b > CURRENT_TIMESTAMP(6)

-- case: select a from t where b = current_date
SELECT a FROM t WHERE b = CURRENT_DATE

-- case: select a from t where b = current_date, form 2
SELECT a FROM t WHERE b = CURRENT_DATE()

-- case: select a from t where b < current_time or b < curtime
SELECT a FROM t WHERE b < CURRENT_TIME OR b < CURTIME()

-- case: select a from t where b < localtime or b < localtimestamp
SELECT a FROM t WHERE b < LOCALTIME OR b < LOCALTIMESTAMP

-- case: select a from t where b < utc_timestamp
SELECT a FROM t WHERE b < UTC_TIMESTAMP()

-- case: select a from t where b < utc_date
SELECT a FROM t WHERE b < UTC_DATE

-- case: select a from t where b < unix_timestamp
SELECT a FROM t WHERE b < UNIX_TIMESTAMP()

-- case: select a from t where b < sysdate
SELECT a FROM t WHERE b < SYSDATE()

-- case: select a from t where owner = user
SELECT a FROM t WHERE owner = USER()

-- case: select a from t where owner = current_user
SELECT a FROM t WHERE owner = CURRENT_USER

-- case: select a from t where r = current_role
SELECT a FROM t WHERE r = CURRENT_ROLE()

-- case: select a from t where id = last_insert_id
SELECT a FROM t WHERE id = LAST_INSERT_ID()

-- case: select a from t where s = database
SELECT a FROM t WHERE s = DATABASE()

-- case: select a connection_id row_count version from t
SELECT a, CONNECTION_ID(), ROW_COUNT(), VERSION() FROM t

-- case: select a from t where rand < 0.5
SELECT a FROM t WHERE RAND() < 0.5

-- case: select uuid a from t
SELECT UUID(), a FROM t

-- case: select sleep 1 from t
SELECT SLEEP(1) FROM t

-- case: select benchmark 10 md5 x from t
SELECT BENCHMARK(10, MD5('x')) FROM t

-- case: select load_file a from t
SELECT LOAD_FILE(a) FROM t

-- case: select is_free_lock x is_used_lock x
SELECT IS_FREE_LOCK('x'), IS_USED_LOCK('x')

-- case: select master_pos_wait x 1
SELECT MASTER_POS_WAIT('x', 1)

-- case: select random_bytes 4 a from t
SELECT RANDOM_BYTES(4), a FROM t

-- case: select nextval s
SELECT NEXTVAL(s)

-- case: select next value for s
SELECT NEXT VALUE FOR s

-- case: select next value for db.s from t
SELECT NEXT VALUE FOR db.s FROM t

-- case: select lastval s
SELECT LASTVAL(s)

-- case: select setval s 5
SELECT SETVAL(s, 5)

-- case: select default a from t
SELECT DEFAULT(a) FROM t

-- case: select f a from t
SELECT f(a) FROM t

-- case: select db.f a f a f b from t
SELECT db.f(a), f(a), F(b) FROM t

-- case: select db.now from t
SELECT db.now() FROM t

-- case: select now from t
SELECT `now`() FROM t

-- case: select now from t, form 2
SELECT now () FROM t

-- case: select char_func a from t
SELECT char_func(a) FROM t

-- case: select @x from t
SELECT @x FROM t

-- case: select @x = a from t
SELECT @x := a FROM t

-- case: select @ x @y from t
SELECT @'x', @`y` FROM t

-- case: select @@max_connections
SELECT @@max_connections

-- case: select a @@session.time_zone from t
SELECT a, @@session.time_zone FROM t

-- case: select a from t limit 10 rows examined 100
SELECT a FROM t LIMIT 10 ROWS EXAMINED 100

-- case: select a from t procedure analyse
SELECT a FROM t PROCEDURE ANALYSE()
