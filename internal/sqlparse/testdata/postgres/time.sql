-- case: today
SELECT * FROM t WHERE day = date 'today'
-- case: today by cast
SELECT * FROM t WHERE day = 'today'::date
-- case: today by context
SELECT * FROM t WHERE day = 'today'
-- case: now by cast
SELECT 'now'::timestamptz FROM t
-- case: now in upper case
SELECT ' NOW '::timestamp FROM t
-- case: tomorrow with a time
SELECT * FROM t WHERE at < 'tomorrow 10:00'::timestamptz
-- case: yesterday in a range
SELECT * FROM t WHERE at <@ '[yesterday,2030-01-01)'::tstzrange
-- case: now in an array
SELECT * FROM t WHERE at = ANY ('{now}'::timestamptz[])
-- case: word within a longer word
SELECT * FROM t WHERE a = 'nowhere'
-- case: constant date
SELECT * FROM t WHERE day = '2024-01-01'::date
-- case: constant timestamp
SELECT * FROM t WHERE at > TIMESTAMP WITH TIME ZONE '2024-01-01 00:00+00'
-- case: parameter cast to timestamptz
SELECT * FROM t WHERE at > $1::timestamptz
-- case: column cast to date
SELECT created_at::date, count(*) FROM t GROUP BY 1
-- case: text cast to text then date
SELECT a::text::date FROM t
-- case: json text cast to timestamp
SELECT (data->>'at')::timestamptz FROM t
-- case: json path text cast to date
SELECT (data #>> '{a,b}')::date FROM t
-- case: concatenation cast to date
SELECT (y || '-01-01')::date FROM t
-- case: text function cast to date
SELECT substring(a, 1, 10)::date FROM t
-- case: truncated cast to date
SELECT date_trunc('week', created_at)::date FROM t
-- case: sum cast to date
SELECT (created_at + interval '1 day')::date FROM t
-- case: maximum cast to date
SELECT max(created_at)::date FROM t
-- case: maximum of text cast to date
SELECT max(a::text)::date FROM t
-- case: coalesce cast to date
SELECT coalesce(a, b)::date FROM t
-- case: coalesce of json text cast to date
SELECT coalesce(data->>'a', data->>'b')::date FROM t
-- case: case cast to date
SELECT (CASE WHEN a THEN b ELSE c END)::date FROM t
-- case: case of json text cast to date
SELECT (CASE WHEN a THEN data->>'x' END)::date FROM t
-- case: subquery cast to date
SELECT (SELECT x FROM s)::date FROM t
-- case: date as a function
SELECT date(created_at) FROM t
-- case: date as a function of text
SELECT date(data->>'at') FROM t
-- case: time with zone
SELECT a::timetz FROM t
-- case: at time zone
SELECT created_at AT TIME ZONE 'UTC' FROM t
-- case: interval cast
SELECT '1 day'::interval FROM t
-- case: to timestamp
SELECT to_timestamp(epoch) FROM t
-- case: to date
SELECT to_date(a, 'YYYYMMDD') FROM t
-- case: json value returning date
SELECT JSON_VALUE(data, '$.a' RETURNING date) FROM t
-- case: make date
SELECT make_date(y, m, d) FROM t
