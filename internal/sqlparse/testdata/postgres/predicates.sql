-- case: parameter
SELECT * FROM t WHERE id = $1
-- case: parameter on the left
SELECT * FROM t WHERE $1 = id
-- case: integer
SELECT * FROM t WHERE id = 42
-- case: negative integer
SELECT * FROM t WHERE id = -42
-- case: string
SELECT * FROM t WHERE code = 'a''b'
-- case: escape string
SELECT * FROM t WHERE code = E'a\'b'
-- case: dollar string
SELECT * FROM t WHERE code = $$a'b$$
-- case: number with a fraction
SELECT * FROM t WHERE id = 4.0
-- case: number beyond bigint
SELECT * FROM t WHERE id = 99999999999999999999
-- case: null
SELECT * FROM t WHERE id = NULL
-- case: boolean
SELECT * FROM t WHERE active = true
-- case: parameter cast
SELECT * FROM t WHERE id = $1::bigint
-- case: parameter cast long form
SELECT * FROM t WHERE id = CAST($1 AS integer)
-- case: parameter cast to varchar
SELECT * FROM t WHERE name = $1::varchar
-- case: parameter cast with a length
SELECT * FROM t WHERE name = $1::varchar(3)
-- case: parameter cast to char
SELECT * FROM t WHERE name = $1::char
-- case: parameter cast to numeric
SELECT * FROM t WHERE id = $1::numeric
-- case: parameter cast twice
SELECT * FROM t WHERE id = $1::text::int
-- case: parameter cast to an array
SELECT * FROM t WHERE ids = $1::int[]
-- case: string cast to uuid
SELECT * FROM t WHERE id = '8d7a3c1e-0000-4000-8000-000000000000'::uuid
-- case: string cast to integer
SELECT * FROM t WHERE id = '05'::int
-- case: integer cast to text
SELECT * FROM t WHERE code = 5::text
-- case: typed literal
SELECT * FROM t WHERE id = int8 '7'
-- case: column cast
SELECT * FROM t WHERE id::text = $1
-- case: column in a function
SELECT * FROM t WHERE lower(name) = $1
-- case: column with a collation
SELECT * FROM t WHERE name COLLATE "C" = $1
-- case: operand with a collation
SELECT * FROM t WHERE name = $1 COLLATE "C"
-- case: in list
SELECT * FROM t WHERE id IN ($1, $2, 3)
-- case: in list with an expression
SELECT * FROM t WHERE id IN ($1, 2 + 2)
-- case: in list with null
SELECT * FROM t WHERE id IN (1, NULL)
-- case: in list of one
SELECT * FROM t WHERE id IN ($1)
-- case: not in
SELECT * FROM t WHERE id NOT IN (1, 2)
-- case: any of an array
SELECT * FROM t WHERE id = ANY (ARRAY[1, 2, $1])
-- case: any of a parameter
SELECT * FROM t WHERE id = ANY ($1)
-- case: any of an array literal
SELECT * FROM t WHERE id = ANY ('{1,2}')
-- case: all of an array
SELECT * FROM t WHERE id = ALL (ARRAY[1, 2])
-- case: and
SELECT * FROM t WHERE a = 1 AND (b = 2 AND c = $1)
-- case: or
SELECT * FROM t WHERE a = 1 OR b = 2
-- case: or beside and
SELECT * FROM t WHERE a = 1 AND (b = 2 OR c = 3)
-- case: not
SELECT * FROM t WHERE NOT (a = 1)
-- case: inequality
SELECT * FROM t WHERE a > 1 AND b <> 2 AND c >= 3
-- case: between
SELECT * FROM t WHERE a BETWEEN 1 AND 1
-- case: is not distinct
SELECT * FROM t WHERE a IS NOT DISTINCT FROM 1
-- case: is true
SELECT * FROM t WHERE (a = 1) IS TRUE
-- case: case
SELECT * FROM t WHERE CASE WHEN a = 1 THEN true END
-- case: row
SELECT * FROM t WHERE (a, b) = (1, 2)
-- case: like
SELECT * FROM t WHERE a LIKE 'x'
-- case: other schema's operator
SELECT * FROM t WHERE a OPERATOR(app.=) 1
-- case: pg_catalog operator
SELECT * FROM t WHERE a OPERATOR(pg_catalog.=) 1
-- case: array element
SELECT * FROM t WHERE a[1] = 5
-- case: composite field
SELECT * FROM t WHERE (a).b = 5
-- case: two values for a column
SELECT * FROM t WHERE a = 1 AND a = $1
-- case: column equals column
SELECT * FROM t WHERE a = b
-- case: having does not count
SELECT a FROM t GROUP BY a HAVING a = 1
-- case: filter does not count
SELECT count(*) FILTER (WHERE a = 1) FROM t
-- case: select list does not count
SELECT a = 1 FROM t
-- case: exists counts in its own level
SELECT * FROM t WHERE EXISTS (SELECT 1 FROM s WHERE s.tid = t.id AND s.x = 1 AND t.y = 2)
-- case: outer column in a subquery
SELECT * FROM t WHERE id IN (SELECT tid FROM s WHERE t.x = 1)
-- case: each arm of a union has its own
SELECT * FROM t WHERE a = 1 UNION ALL SELECT * FROM t WHERE a = 2
-- case: subquery operand
SELECT * FROM t WHERE id = (SELECT max(id) FROM t)
-- case: update where
UPDATE t SET x = 1 WHERE id = $1 AND tenant = $2
-- case: update where or
UPDATE t SET x = 1 WHERE id = $1 OR id = $2
-- case: update from
UPDATE t SET x = s.x FROM s WHERE s.id = t.id AND t.tenant = $1 AND s.kind = 'k'
-- case: update from bare column
UPDATE t SET x = 1 FROM s WHERE tenant = $1
-- case: update alias
UPDATE t AS q SET x = 1 WHERE q.id = 5
-- case: update sets what it fixes
UPDATE t SET tenant = 2 WHERE tenant = 1
-- case: delete using
DELETE FROM t USING s WHERE t.id = s.id AND t.tenant = $1
-- case: delete where in
DELETE FROM t WHERE id IN ($1, $2)
-- case: update in a subquery level
UPDATE t SET x = 1 WHERE id IN (SELECT id FROM t WHERE tenant = 5)
-- case: insert columns of all rows
INSERT INTO t (id, tenant, note) VALUES ($1, 7, 'a'), ($2, 7, 'b')
-- case: insert with an expression
INSERT INTO t (id, tenant) VALUES ($1, 1 + 1)
-- case: insert with default
INSERT INTO t (id, tenant) VALUES (DEFAULT, 1), (2, 1)
-- case: insert without columns
INSERT INTO t VALUES (1, 2)
-- case: insert with a cast
INSERT INTO t (id) VALUES ($1::bigint)
-- case: insert into an array element
INSERT INTO t (a[1], b) VALUES (1, 2)
-- case: insert on conflict do nothing
INSERT INTO t (id, tenant) VALUES (1, 2) ON CONFLICT (id) DO NOTHING
-- case: insert on conflict do update
INSERT INTO t (id, tenant) VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET n = t.n + 1
-- case: insert overriding user value
INSERT INTO t (id, tenant) OVERRIDING USER VALUE VALUES (5, 1)
-- case: insert of several rows as a union
INSERT INTO t (id) VALUES (1) UNION ALL VALUES (2)
-- case: uuid parameter cast to text
SELECT * FROM t WHERE code = $1::uuid::text
