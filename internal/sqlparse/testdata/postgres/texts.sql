-- case: trailing semicolon
SELECT * FROM users;
-- case: trailing semicolons and comment
SELECT * FROM users;; -- end
-- case: two reads
SELECT * FROM a; SELECT * FROM b
-- case: read and write
SELECT * FROM a; UPDATE b SET x = 1 WHERE id = $1
-- case: begin and commit
BEGIN; UPDATE b SET x = 1; COMMIT
-- case: set and read
SET LOCAL app.tenant = '1'; SELECT * FROM a
-- case: ddl wins
SELECT 1; CREATE TABLE t (id int); INSERT INTO t VALUES (1)
-- case: one part unparsed
SELECT * FROM a; FROB b
-- case: semicolon in a string
SELECT * FROM a WHERE x = ';'
-- case: semicolon in a comment
SELECT * FROM a /* ; */
-- case: semicolon in dollar quotes
SELECT * FROM a WHERE x = $q$;$q$
-- case: semicolon in a quoted name
SELECT * FROM "a;b"
-- case: tracing comment before
/* traceparent='00-abc-def-01' */ SELECT id FROM users WHERE id = $1
-- case: tracing comment after
SELECT id FROM users WHERE id = $1 /* app:web */
-- case: comment hides text
SELECT id FROM users -- , secrets WHERE 'x
-- case: comment within
SELECT/**/id/* a */FROM/* b */users
-- case: nested comment
SELECT id /* a /* b */ , (SELECT 1 FROM secrets) */ FROM users
-- case: query name in a block comment
/* name: GetUser :one */ SELECT * FROM users
-- case: query name not at the start
SELECT * FROM users -- name: Late :one
-- case: hint
SELECT * FROM users /* cachedsql: ttl=30s */
-- case: hint bypass
/* cachedsql: bypass */ SELECT * FROM users
-- case: hint of two words
/* cachedsql: ttl=30s refresh */ SELECT * FROM users
-- case: hint in a line comment
SELECT * FROM users -- cachedsql: ttl=5m
-- case: malformed hint
/* cachedsql: ttl= */ SELECT * FROM users
-- case: malformed hint word
/* cachedsql: TTL=5s */ SELECT * FROM users
-- case: empty hint
/* cachedsql: */ SELECT * FROM users
-- case: hint in a string
SELECT * FROM users WHERE a = '/* cachedsql: bypass */'
-- case: parameter touching a word
SELECT * FROM users WHERE id = $1AND x IN (SELECT x FROM secrets)
-- case: backslash in a standard string
SELECT * FROM a WHERE p = 'C:\' OR p IN (SELECT '\' || q FROM b)
-- case: backslash in an escape string
SELECT * FROM a WHERE p = E'C:\' OR p IN (SELECT q FROM b) -- '
-- case: national string
SELECT * FROM a WHERE p = N'x'
-- case: unicode string
SELECT * FROM a WHERE p = U&'\0061' AND q IN (SELECT 1 FROM b)
-- case: bit strings
SELECT B'01', X'ff' FROM a
-- case: numbers of all kinds
SELECT 1, 1.5, .5, 1e10, 0x1F, 0b01, 1_000 FROM a
-- case: operators that look like comments
SELECT a +-1, a *-1, b->>'x' FROM t
-- case: hash operator
SELECT a # b, c FROM bits
-- case: question mark operator
SELECT * FROM t WHERE a ? 'b'
-- case: values only
VALUES (1, 'a'), (2, 'b')
-- case: no table
SELECT 1
-- case: no table with a parameter
SELECT $1::int
-- case: fetch with ties
SELECT * FROM t ORDER BY a FETCH FIRST 5 ROWS WITH TIES
-- case: grouping
SELECT region, sum(amount), grouping(region) FROM sales GROUP BY ROLLUP (region, product), CUBE (a)
-- case: distinct on
SELECT DISTINCT ON (customer_id) customer_id FROM sales ORDER BY customer_id, created_at DESC
-- case: array slices
SELECT matrix[1:2][2], (addr).city, (addr).zip[1] FROM users
-- case: whole row
SELECT u, ROW(u.*) FROM users AS u
-- case: similar to
SELECT * FROM t WHERE a SIMILAR TO '%x' AND b ILIKE 'y%' AND c ~* 'z'
-- case: overlaps
SELECT * FROM t WHERE (a, b) OVERLAPS (c, d)
-- case: is normalized
SELECT a IS NFC NORMALIZED, normalize(b) FROM t
-- case: is document
SELECT a IS DOCUMENT FROM t
-- case: typed empty select
SELECT FROM t
