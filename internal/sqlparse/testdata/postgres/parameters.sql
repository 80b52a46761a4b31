-- case: limit and offset
SELECT * FROM t LIMIT $1 OFFSET $2
-- case: fetch
SELECT * FROM t OFFSET $1 ROWS FETCH NEXT $2 ROWS ONLY
-- case: in a function
SELECT f($1), g(a => $2), h(VARIADIC $3) FROM t
-- case: in an array
SELECT ARRAY[$1, $2] || $3 FROM t
-- case: element of
SELECT $1[1], ($2).x FROM t
-- case: cast
SELECT $1::int, CAST($2 AS text), $3::int[]::text FROM t
-- case: case
SELECT CASE $1 WHEN $2 THEN $3 ELSE $4 END FROM t
-- case: is null
SELECT * FROM t WHERE $1::text IS NULL OR a = $1
-- case: between
SELECT * FROM t WHERE a BETWEEN $1 AND $2
-- case: like escape
SELECT * FROM t WHERE a LIKE $1 ESCAPE $2
-- case: at time zone
SELECT a AT TIME ZONE $1 FROM t
-- case: interval arithmetic
SELECT * FROM t WHERE a > $1 - interval '1 day' * $2
-- case: any
SELECT * FROM t WHERE $1 = ANY (a)
-- case: all
SELECT * FROM t WHERE a <> ALL ($1)
-- case: is distinct
SELECT * FROM t WHERE a IS DISTINCT FROM $1
-- case: collate
SELECT * FROM t WHERE a = $1 COLLATE "C"
-- case: alias
SELECT $1 a, $2 AS b FROM t
-- case: row
SELECT * FROM t WHERE (a, b) = ($1, $2)
-- case: frame
SELECT sum(a) OVER (ORDER BY b ROWS $1 PRECEDING) FROM t
-- case: extract
SELECT extract(year FROM $1::date) FROM t
-- case: overlay
SELECT overlay(a PLACING $1 FROM $2 FOR $3), substring(a FROM $1 FOR $2), position($1 IN a) FROM t
-- case: json
SELECT data #> $1, data -> $2, jsonb_set(data, $3, $4) FROM t
-- case: values
INSERT INTO t (a, b, c) VALUES ($1, $2, $3), ($4, $5, $6)
-- case: values from
SELECT * FROM (VALUES ($1, $2)) AS v (a, b) JOIN t USING (a)
-- case: update
UPDATE t SET a = $1, b = b + $2, (c, d) = ($3, $4) WHERE id = $5
-- case: order by
SELECT * FROM t ORDER BY CASE WHEN $1 THEN a END
-- case: table sample
SELECT * FROM t TABLESAMPLE BERNOULLI ($1)
-- case: table function
SELECT * FROM generate_series($1::int, $2::int) g
-- case: execute
EXECUTE p($1)
-- case: call
CALL p($1, $2)
-- case: beyond nine
SELECT * FROM t WHERE a = $10 AND b = $11 AND c = $2
-- case: repeated
SELECT * FROM t WHERE a = $1 AND b = $1
-- case: without spaces
SELECT*FROM t WHERE a=$1AND b=$2
-- case: in quotes
SELECT * FROM t WHERE a = '$1' AND b = $$ $2 $$ AND "c$3" = $4
-- case: zero
SELECT * FROM t WHERE a = $0
-- case: after an integer
SELECT 7 FROM t WHERE a = 9 AND b = $3
-- case: negated
SELECT * FROM t WHERE a = -$1
-- case: concatenated
SELECT * FROM t WHERE a LIKE '%' || $1 || '%'
