EXPLAIN SELECT * FROM t WHERE id = 1
--> other: explain
--> reads: t{id=1}

EXPLAIN FORMAT=JSON SELECT * FROM t
--> other: explain
--> reads: t

EXPLAIN EXTENDED SELECT * FROM t
--> other: explain
--> reads: t

EXPLAIN UPDATE t SET a = 1
--> other: explain
--> reads: t

EXPLAIN DELETE FROM t WHERE id IN (SELECT id FROM s)
--> other: explain
--> reads: s, t

EXPLAIN INSERT INTO t SELECT * FROM s
--> other: explain
--> reads: s, t

EXPLAIN ANALYZE SELECT * FROM t
--> other: explain
--> reads: t

EXPLAIN ANALYZE FORMAT=TREE SELECT * FROM t
--> other: explain
--> reads: t

EXPLAIN ANALYZE UPDATE t SET a = 1 WHERE id = 1
--> write: explain
--> writes: update t{id=1} sets a

EXPLAIN FOR CONNECTION 5
--> other: explain

EXPLAIN WITH x AS (SELECT * FROM t) SELECT * FROM x
--> other: explain
--> reads: t

EXPLAIN (SELECT * FROM t)
--> other: explain
--> reads: t

EXPLAIN db.t
--> other: explain
--> reads: db.t

DESCRIBE t
--> other: explain
--> reads: t

DESC t a
--> other: explain
--> reads: t

DESC SELECT * FROM t
--> other: explain
--> reads: t

ANALYZE SELECT * FROM t
--> other: explain
--> reads: t

ANALYZE FORMAT=JSON SELECT * FROM t
--> other: explain
--> reads: t

ANALYZE UPDATE t SET a = 1 WHERE id = 1
--> write: explain
--> writes: update t{id=1} sets a

ANALYZE DELETE FROM t
--> write: explain
--> writes: delete t

ANALYZE TABLE t
--> other: utility analyze
--> session: implicit commit

ANALYZE NO_WRITE_TO_BINLOG TABLE t, s
--> other: utility analyze
--> session: implicit commit

OPTIMIZE TABLE t
--> other: utility optimize
--> session: implicit commit

CHECK TABLE t
--> other: utility check
--> session: implicit commit

CHECKSUM TABLE t
--> other: utility checksum

REPAIR TABLE t, db.s QUICK
--> other: utility repair
--> writes: t, db.s
--> session: implicit commit

FLUSH TABLES
--> other: utility flush
--> session: implicit commit

FLUSH TABLES t WITH READ LOCK
--> other: utility flush
--> session: implicit commit

FLUSH PRIVILEGES
--> other: utility flush
--> session: implicit commit

RESET QUERY CACHE
--> other: utility reset
--> session: implicit commit

LOCK TABLES t READ
--> other: utility lock
--> reads: t
--> session: implicit commit

LOCK TABLES t AS x WRITE, db.s READ LOCAL
--> other: utility lock
--> reads: t, db.s
--> session: implicit commit

LOCK INSTANCE FOR BACKUP
--> other: utility lock

UNLOCK TABLES
--> other: utility unlock
--> session: implicit commit

SHOW TABLES
--> other: utility show

SHOW CREATE TABLE t
--> other: utility show

SHOW COLUMNS FROM t LIKE 'a%'
--> other: utility show

SHOW WARNINGS
--> other: utility show

SHOW MASTER STATUS
--> other: utility show

KILL 5
--> other: utility kill

KILL QUERY 5
--> other: utility kill

HELP 'select'
--> other: utility help

CALL p()
--> write: call
--> writes: *
--> session: unknown

CALL db.p
--> write: call
--> writes: *
--> session: unknown

CALL p(1, ?, @out)
--> write: call
--> writes: *
--> session: unknown, @out

CALL p((SELECT max(x) FROM s), f(1))
--> write: call
--> reads: s
--> writes: *
--> functions: f
--> session: unknown

DO SLEEP(1)
--> other: call do

DO RELEASE_LOCK('x')
--> other: call do

DO f((SELECT max(x) FROM s))
--> other: call do
--> reads: s
--> functions: f

DO @x := 1
--> other: call do
--> session: @x

HANDLER t OPEN
--> other: cursor handler
--> reads: t

HANDLER t READ FIRST
--> other: cursor handler
--> reads: t

HANDLER t READ idx = (1) LIMIT 5
--> other: cursor handler
--> reads: t

HANDLER t CLOSE
--> other: cursor handler
--> reads: t

GET DIAGNOSTICS @n = NUMBER
--> other: utility get
--> session: @n

SIGNAL SQLSTATE '45000'
--> other: utility signal

PURGE BINARY LOGS TO 'x'
--> other: utility purge

CHANGE MASTER TO MASTER_HOST = 'h'
--> other: utility change
--> session: implicit commit

START REPLICA
--> other: utility start
--> session: implicit commit

STOP SLAVE
--> other: utility stop
--> session: implicit commit

BINLOG 'abc='
--> write: write binlog
--> writes: *

SHUTDOWN
--> other: utility shutdown

LOAD INDEX INTO CACHE t
--> other: utility load
--> session: implicit commit

CACHE INDEX t IN hot
--> other: utility cache
--> session: implicit commit

