-- case: pure
SELECT lower(a), count(*), json_extract(b, '$.x'), coalesce(c, 1), group_concat(d) FROM t
-- case: random
SELECT * FROM t ORDER BY random()
-- case: changes
SELECT changes() FROM t
-- case: last insert
SELECT last_insert_rowid()
-- case: current timestamp
SELECT * FROM t WHERE a < CURRENT_TIMESTAMP
-- case: current date
SELECT CURRENT_DATE FROM t
-- case: date now
SELECT * FROM t WHERE a < date('now')
-- case: date without arguments
SELECT datetime() FROM t
-- case: strftime now
SELECT strftime('%s', 'now') FROM t
-- case: strftime without time
SELECT strftime('%s') FROM t
-- case: date of a literal
SELECT date('2024-01-01') FROM t
-- case: date of a parameter
SELECT * FROM t WHERE a < date(?)
-- case: date of a column
SELECT date(created_at) FROM t
-- case: date in local time
SELECT date('2024-01-01', 'localtime') FROM t
-- case: user function
SELECT my_func(a) FROM t
-- case: pragma function
SELECT * FROM pragma_table_info('users')
-- case: sqlite master
SELECT name FROM sqlite_master WHERE type = 'table'
-- case: sqlite schema
SELECT name FROM main.sqlite_schema
-- case: load extension
SELECT load_extension('x')
