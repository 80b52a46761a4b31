-- case: explain
EXPLAIN SELECT * FROM users WHERE id = 1
-- case: explain of a write
EXPLAIN DELETE FROM users
-- case: explain analyze
EXPLAIN ANALYZE SELECT * FROM users
-- case: explain analyze of a write
EXPLAIN ANALYZE DELETE FROM users WHERE id = 1
-- case: explain with options
EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) UPDATE users SET a = 1
-- case: explain analyze off
EXPLAIN (ANALYZE false) UPDATE users SET a = 1
-- case: explain analyze zero
EXPLAIN (ANALYZE 0) UPDATE users SET a = 1
-- case: explain analyze on
EXPLAIN (ANALYZE on) UPDATE users SET a = 1
-- case: explain create table as
EXPLAIN ANALYZE CREATE TABLE t AS SELECT * FROM s
-- case: explain execute
EXPLAIN ANALYZE EXECUTE p
-- case: analyze
ANALYZE users
-- case: vacuum
VACUUM FULL users
-- case: reindex
REINDEX TABLE users
-- case: cluster
CLUSTER users USING idx
-- case: checkpoint
CHECKPOINT
-- case: lock table
LOCK TABLE users IN EXCLUSIVE MODE
-- case: notify
NOTIFY ch, 'payload'
-- case: declare cursor
DECLARE c CURSOR FOR SELECT * FROM users
-- case: declare cursor for update
DECLARE c CURSOR WITH HOLD FOR SELECT * FROM users FOR UPDATE
-- case: fetch
FETCH 10 FROM c
-- case: move
MOVE FORWARD 3 IN c
-- case: close
CLOSE c
-- case: prepare
PREPARE p (int) AS SELECT * FROM users WHERE id = $1
-- case: prepare a write
PREPARE p AS UPDATE users SET a = 1
-- case: execute
EXECUTE p(1, 'a')
-- case: deallocate
DEALLOCATE p
-- case: deallocate all
DEALLOCATE ALL
-- case: listen
LISTEN ch
-- case: unlisten
UNLISTEN *
-- case: load
LOAD 'auto_explain'
-- case: empty
;
-- case: only a comment
-- nothing here
