-- case: explain select * from t where id = 1
EXPLAIN SELECT * FROM t WHERE id = 1

-- case: explain format = json select * from t
EXPLAIN FORMAT=JSON SELECT * FROM t

-- case: explain extended select * from t
EXPLAIN EXTENDED SELECT * FROM t

-- case: explain update t set a = 1
EXPLAIN UPDATE t SET a = 1

-- case: explain delete from t where id in select id from s
EXPLAIN DELETE FROM t WHERE id IN (SELECT id FROM s)

-- case: explain insert into t select * from s
EXPLAIN INSERT INTO t SELECT * FROM s

-- case: explain analyze select * from t
EXPLAIN ANALYZE SELECT * FROM t

-- case: explain analyze format = tree select * from t
EXPLAIN ANALYZE FORMAT=TREE SELECT * FROM t

-- case: explain analyze update t set a = 1 where id = 1
EXPLAIN ANALYZE UPDATE t SET a = 1 WHERE id = 1

-- case: explain for connection 5
EXPLAIN FOR CONNECTION 5

-- case: explain with x as select * from t select * from x
EXPLAIN WITH x AS (SELECT * FROM t) SELECT * FROM x

-- case: explain select * from t
EXPLAIN (SELECT * FROM t)

-- case: explain db.t
EXPLAIN db.t

-- case: describe t
DESCRIBE t

-- case: desc t a
DESC t a

-- case: desc select * from t
DESC SELECT * FROM t

-- case: analyze select * from t
ANALYZE SELECT * FROM t

-- case: analyze format = json select * from t
ANALYZE FORMAT=JSON SELECT * FROM t

-- case: analyze update t set a = 1 where id = 1
ANALYZE UPDATE t SET a = 1 WHERE id = 1

-- case: analyze delete from t
ANALYZE DELETE FROM t

-- case: analyze table t
ANALYZE TABLE t

-- case: analyze no_write_to_binlog table t s
ANALYZE NO_WRITE_TO_BINLOG TABLE t, s

-- case: optimize table t
OPTIMIZE TABLE t

-- case: check table t
CHECK TABLE t

-- case: checksum table t
CHECKSUM TABLE t

-- case: repair table t db.s quick
REPAIR TABLE t, db.s QUICK

-- case: flush tables
FLUSH TABLES

-- case: flush tables t with read lock
FLUSH TABLES t WITH READ LOCK

-- case: flush privileges
FLUSH PRIVILEGES

-- case: reset query cache
RESET QUERY CACHE

-- case: lock tables t read
LOCK TABLES t READ

-- case: lock tables t as x write db.s read local
LOCK TABLES t AS x WRITE, db.s READ LOCAL

-- case: lock instance for backup
LOCK INSTANCE FOR BACKUP

-- case: unlock tables
UNLOCK TABLES

-- case: show tables
SHOW TABLES

-- case: show create table t
SHOW CREATE TABLE t

-- case: show columns from t like a
SHOW COLUMNS FROM t LIKE 'a%'

-- case: show warnings
SHOW WARNINGS

-- case: show master status
SHOW MASTER STATUS

-- case: kill 5
KILL 5

-- case: kill query 5
KILL QUERY 5

-- case: help select
HELP 'select'

-- case: call p
CALL p()

-- case: call db.p
CALL db.p

-- case: call p 1 ? @out
CALL p(1, ?, @out)

-- case: call p select max x from s f 1
CALL p((SELECT max(x) FROM s), f(1))

-- case: do sleep 1
DO SLEEP(1)

-- case: do release_lock x
DO RELEASE_LOCK('x')

-- case: do f select max x from s
DO f((SELECT max(x) FROM s))

-- case: do @x = 1
DO @x := 1

-- case: handler t open
HANDLER t OPEN

-- case: handler t read first
HANDLER t READ FIRST

-- case: handler t read idx = 1 limit 5
HANDLER t READ idx = (1) LIMIT 5

-- case: handler t close
HANDLER t CLOSE

-- case: get diagnostics @n = number
GET DIAGNOSTICS @n = NUMBER

-- case: signal sqlstate 45000
SIGNAL SQLSTATE '45000'

-- case: purge binary logs to x
PURGE BINARY LOGS TO 'x'

-- case: change master to master_host = h
CHANGE MASTER TO MASTER_HOST = 'h'

-- case: start replica
START REPLICA

-- case: stop slave
STOP SLAVE

-- case: binlog abc =
BINLOG 'abc='

-- case: shutdown
SHUTDOWN

-- case: load index into cache t
LOAD INDEX INTO CACHE t

-- case: cache index t in hot
CACHE INDEX t IN hot
