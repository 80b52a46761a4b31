-- case: insert into t values 1 2
INSERT INTO t VALUES (1, 2)

-- case: insert into t id k values 1 ? 2 x
INSERT INTO t (id, k) VALUES (1, ?), (2, 'x')

-- case: insert into t id k values 0 1
INSERT INTO t (id, k) VALUES (0, 1)

-- case: insert into t id k values null 1
INSERT INTO t (id, k) VALUES (NULL, 1)

-- case: insert into t id k values default default k
INSERT INTO t (id, k) VALUES (DEFAULT, DEFAULT(k))

-- case: insert into t id k values 1
INSERT INTO t (id, k) VALUES (1)

-- case: insert into t id k values 1 k + 1 now uuid
INSERT INTO t (id, k) VALUES (1, k + 1), (NOW(), UUID())

-- case: insert into t id values select max id from s
INSERT INTO t (id) VALUES ((SELECT max(id) FROM s))

-- case: insert into t id value 1
INSERT INTO t (id) VALUE (1)

-- case: insert into t values
INSERT INTO t () VALUES ()

-- case: insert t values 1
INSERT t VALUES (1)

-- case: insert into t set id = ? k = x
INSERT INTO t SET id = ?, k = 'x'

-- case: insert into db.t set id = 1
INSERT INTO db.t SET id = 1

-- case: insert low_priority into t id values 1
INSERT LOW_PRIORITY INTO t (id) VALUES (1)

-- case: insert high_priority ignore into t id values 1
INSERT HIGH_PRIORITY IGNORE INTO t (id) VALUES (1)

-- case: insert delayed into t id values 1
INSERT DELAYED INTO t (id) VALUES (1)

-- case: insert into t partition p0 id values 1
INSERT INTO t PARTITION (p0) (id) VALUES (1)

-- case: insert into t id select id from s where k = ?
INSERT INTO t (id) SELECT id FROM s WHERE k = ?

-- case: insert into t select * from t
INSERT INTO t SELECT * FROM t

-- case: insert into t id select id from s
INSERT INTO t (id) (SELECT id FROM s)

-- case: insert into t table s
INSERT INTO t TABLE s

-- case: insert into t select * from s union select * from r
INSERT INTO t SELECT * FROM s UNION SELECT * FROM r

-- case: insert into t id k select id k from s on duplicate key update k = s.k
INSERT INTO t (id, k) SELECT id, k FROM s ON DUPLICATE KEY UPDATE k = s.k

-- case: insert into t id values 1 on duplicate key update n = n + 1 m = select
INSERT INTO t (id) VALUES (1) ON DUPLICATE KEY UPDATE n = n + 1, m = (SELECT max(x) FROM s)

-- case: insert into t id k values 1 2 on duplicate key update k = values k + 1
INSERT INTO t (id, k) VALUES (1, 2) ON DUPLICATE KEY UPDATE k = (VALUES(k) + 1)

-- case: insert into t id values 1 as new x on duplicate key update n = new.x
INSERT INTO t (id) VALUES (1) AS new (x) ON DUPLICATE KEY UPDATE n = new.x

-- case: insert into t id values row 1 row 2
INSERT INTO t (id) VALUES ROW(1), ROW(2)

-- case: replace into t id values 1
REPLACE INTO t (id) VALUES (1)

-- case: replace t set id = 1
REPLACE t SET id = 1

-- case: replace low_priority into t select * from s
REPLACE LOW_PRIORITY INTO t SELECT * FROM s

-- case: insert into t id values ? returning id k
INSERT INTO t (id) VALUES (?) RETURNING id, k

-- case: insert into t id values ? returning select count * from s where k = ?
INSERT INTO t (id) VALUES (?) RETURNING (SELECT count(*) FROM s WHERE k = ?)

-- case: insert into t a b select a b from s where k = ? returning a select 1
INSERT INTO t (a, b) SELECT a, b FROM s WHERE k = ? RETURNING a, (SELECT 1 FROM r WHERE k = ?)

-- case: replace into t values 1 returning *
REPLACE INTO t VALUES (1) RETURNING *

-- case: insert into t returning values returning
INSERT INTO t (`returning`) VALUES ('RETURNING')

-- case: insert into t id values f 1
INSERT INTO t (id) VALUES (f(1))

-- case: load data infile tmp x into table t
LOAD DATA INFILE '/tmp/x' INTO TABLE t

-- case: load data local infile x replace into table db.t partition p0 character
LOAD DATA LOCAL INFILE 'x' REPLACE INTO TABLE db.t PARTITION (p0) CHARACTER SET utf8 FIELDS TERMINATED BY ',' LINES TERMINATED BY '\n' IGNORE 1 LINES (a, @b) SET c = @b + 1, d = (SELECT max(x) FROM s)

-- case: load xml infile x into table t rows identified by < row >
LOAD XML INFILE 'x' INTO TABLE t ROWS IDENTIFIED BY '<row>'

-- case: load data infile x into table t character set utf8
LOAD DATA INFILE 'x' INTO TABLE t CHARACTER SET utf8

-- case: load data infile x into table t a set b = f ?
LOAD DATA INFILE 'x' INTO TABLE t (a) SET b = f(?)
