-- case: aggregates
SELECT count(*), sum(a), avg(a), min(a), max(a), array_agg(a ORDER BY b), string_agg(c, ',') FROM t
-- case: window functions
SELECT row_number() OVER w, lag(a) OVER w, first_value(a) OVER w FROM t WINDOW w AS (ORDER BY b)
-- case: text functions
SELECT lower(a), upper(a), length(a), substring(a FROM 1 FOR 2), trim(a), position('x' IN a), overlay(a PLACING 'b' FROM 1) FROM t
-- case: special forms
SELECT coalesce(a, b), nullif(a, b), greatest(a, b), least(a, b) FROM t
-- case: extract
SELECT extract(year FROM created_at), date_part('month', created_at) FROM t
-- case: json
SELECT jsonb_build_object('a', a), jsonb_agg(b), to_jsonb(t), row_to_json(t) FROM t
-- case: json path
SELECT jsonb_path_query_first(data, '$.items[*] ? (@.id == 1)') FROM docs
-- case: json operators
SELECT data->'a'->>'b', data #>> '{x,y}' FROM docs WHERE data @> '{"k":1}' AND data ? 'z' AND data ?| ARRAY['a']
-- case: text search
SELECT * FROM articles WHERE to_tsvector('english', body) @@ websearch_to_tsquery('english', $1)
-- case: formatting
SELECT to_char(created_at, 'YYYY'), concat(a, b), format('%s', a) FROM t
-- case: qualified built-in
SELECT pg_catalog.lower(a) FROM t
-- case: now
SELECT * FROM t WHERE created_at > now() - interval '1 day'
-- case: current timestamp
SELECT * FROM t WHERE created_at > CURRENT_TIMESTAMP
-- case: current timestamp with precision
SELECT CURRENT_TIMESTAMP(3) FROM t
-- case: current date
SELECT * FROM t WHERE d = CURRENT_DATE
-- case: localtime
SELECT LOCALTIME FROM t
-- case: transaction timestamp
SELECT transaction_timestamp() FROM t
-- case: statement timestamp
SELECT statement_timestamp() FROM t
-- case: clock timestamp
SELECT clock_timestamp() FROM t
-- case: timeofday
SELECT timeofday() FROM t
-- case: age of one argument
SELECT age(born) FROM t
-- case: age of two arguments
SELECT age(a, b) FROM t
-- case: in a subquery
SELECT * FROM t WHERE a IN (SELECT b FROM s WHERE c > now())
-- case: in a cte
WITH x AS (SELECT * FROM s WHERE c > now()) SELECT * FROM x
-- case: in order by
SELECT * FROM t ORDER BY random()
-- case: in limit
SELECT * FROM t LIMIT random() * 10
-- case: in a join
SELECT * FROM a JOIN b ON b.t < now()
-- case: in from
SELECT * FROM t, random() r
-- case: in a default of lag
SELECT lag(a, 1, random()) OVER (ORDER BY b) FROM t
-- case: random
SELECT random() FROM t
-- case: random uuid
SELECT gen_random_uuid() FROM t
-- case: uuid extension
SELECT uuid_generate_v4() FROM t
-- case: nextval
SELECT nextval('s')
-- case: currval
SELECT currval('s')
-- case: sleep
SELECT pg_sleep(1)
-- case: advisory lock
SELECT pg_advisory_lock(1)
-- case: notify
SELECT pg_notify('a', 'b')
-- case: large object
SELECT lo_unlink(a) FROM t
-- case: query to xml
SELECT query_to_xml('SELECT * FROM secrets', true, false, '')
-- case: table to xml
SELECT table_to_xml('secrets', true, false, '')
-- case: dblink
SELECT * FROM dblink('dbname=x', 'SELECT 1') AS t (a int)
-- case: transaction id
SELECT txid_current()
-- case: current user
SELECT * FROM t WHERE owner = CURRENT_USER
-- case: current user as a function of no parentheses
SELECT user, session_user, current_role FROM t
-- case: current schema
SELECT current_schema FROM t
-- case: current schema with parentheses
SELECT current_schema() FROM t
-- case: current database
SELECT current_database()
-- case: current setting
SELECT * FROM t WHERE tenant = current_setting('app.tenant')::int
-- case: has privilege
SELECT has_table_privilege('t', 'select') FROM t
-- case: set config
SELECT set_config('App.Tenant', $1, false)
-- case: set config computed
SELECT set_config(name, value, true) FROM settings
-- case: to regclass
SELECT to_regclass('t') FROM t
-- case: relation size
SELECT pg_relation_size('t') FROM t
-- case: get viewdef
SELECT pg_get_viewdef('v'::regclass)
-- case: column size
SELECT pg_column_size(a) FROM t
-- case: user function
SELECT price_of(id) FROM products
-- case: user function with a schema
SELECT app.price_of(id) FROM products
-- case: user function in where
SELECT * FROM users WHERE unaccent(name) = unaccent($1)
-- case: user function in from
SELECT * FROM get_orders($1)
-- case: user aggregate
SELECT my_agg(a) FROM t
-- case: user function beside now
SELECT price_of(id), now() FROM products
-- case: user operator
SELECT * FROM t WHERE name %> $1
-- case: user operator with a schema
SELECT * FROM t WHERE a OPERATOR(app.~~~) b
-- case: built-in name in another schema
SELECT app.lower(a) FROM t
-- case: extension type cast
SELECT * FROM geo WHERE ST_DWithin(pt, $1::geography, 1000)
-- case: system column
SELECT xmin FROM t
-- case: system column qualified
SELECT t.ctid FROM t
-- case: table oid
SELECT tableoid::regclass FROM t
-- case: regclass cast
SELECT 'users'::regclass::oid FROM t
-- case: regtype of a column
SELECT a::regtype FROM t
-- case: user function in a write
INSERT INTO t SELECT f(x) FROM s
-- case: volatile in a write
UPDATE t SET a = random() WHERE id = $1
-- case: set config local
SELECT set_config('app.tenant', $1, true)
-- case: set config of an unknown scope
SELECT set_config('app.tenant', $1, $2)
-- case: set config local and not
SELECT set_config('a.b', 'x', true), set_config('c.d', 'x', false)
-- case: system column of a row in parentheses
SELECT (t).ctid FROM t
