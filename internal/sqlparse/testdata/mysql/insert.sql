INSERT INTO t VALUES (1, 2)
--> write: write
--> writes: insert t

INSERT INTO t (id, k) VALUES (1, ?), (2, 'x')
--> write: write
--> writes: insert t{id=1|2 k=?1|'x'}

INSERT INTO t (id, k) VALUES (0, 1)
--> write: write
--> writes: insert t{id=_ k=1}

INSERT INTO t (id, k) VALUES (NULL, 1)
--> write: write
--> writes: insert t{id=_ k=1}

INSERT INTO t (id, k) VALUES (DEFAULT, DEFAULT(k))
--> write: write
--> writes: insert t{id=_ k=_}

INSERT INTO t (id, k) VALUES (1)
--> write: write
--> writes: insert t{id=1 k=_}

INSERT INTO t (id, k) VALUES (1, k + 1), (NOW(), UUID())
--> write: write
--> writes: insert t{id=1|_ k=_|_}

INSERT INTO t (id) VALUES ((SELECT max(id) FROM s))
--> write: write
--> reads: s
--> writes: insert t{id=_}

INSERT INTO t (id) VALUE (1)
--> write: write
--> writes: insert t{id=1}

INSERT INTO t () VALUES ()
--> write: write
--> writes: insert t

INSERT t VALUES (1)
--> write: write
--> writes: insert t

INSERT INTO t SET id = ?, k = 'x'
--> write: write
--> writes: insert t{id=?1 k='x'}

INSERT INTO db.t SET id = 1
--> write: write
--> writes: insert db.t{id=1}

INSERT LOW_PRIORITY INTO t (id) VALUES (1)
--> write: write
--> writes: insert t{id=1}

INSERT HIGH_PRIORITY IGNORE INTO t (id) VALUES (1)
--> write: write
--> writes: t

INSERT DELAYED INTO t (id) VALUES (1)
--> write: write
--> writes: insert t{id=1}

INSERT INTO t PARTITION (p0) (id) VALUES (1)
--> write: write
--> writes: insert t{id=1}

INSERT INTO t (id) SELECT id FROM s WHERE k = ?
--> write: write
--> reads: s{k=?1}
--> writes: t

INSERT INTO t SELECT * FROM t
--> write: write
--> reads: t
--> writes: t

INSERT INTO t (id) (SELECT id FROM s)
--> write: write
--> reads: s
--> writes: t

INSERT INTO t TABLE s
--> write: write
--> reads: s
--> writes: t

INSERT INTO t SELECT * FROM s UNION SELECT * FROM r
--> write: write
--> reads: s, r
--> writes: t

INSERT INTO t (id, k) SELECT id, k FROM s ON DUPLICATE KEY UPDATE k = s.k
--> write: write
--> reads: s
--> writes: t

INSERT INTO t (id) VALUES (1) ON DUPLICATE KEY UPDATE n = n + 1, m = (SELECT max(x) FROM s)
--> write: write
--> reads: s
--> writes: t

INSERT INTO t (id, k) VALUES (1, 2) ON DUPLICATE KEY UPDATE k = (VALUES(k) + 1)
--> write: write
--> writes: t

INSERT INTO t (id) VALUES (1) AS new (x) ON DUPLICATE KEY UPDATE n = new.x
--> write: write
--> writes: t

INSERT INTO t (id) VALUES ROW(1), ROW(2)
--> write: write
--> writes: t

REPLACE INTO t (id) VALUES (1)
--> write: write
--> writes: t

REPLACE t SET id = 1
--> write: write
--> writes: t

REPLACE LOW_PRIORITY INTO t SELECT * FROM s
--> write: write
--> reads: s
--> writes: t

INSERT INTO t (id) VALUES (?) RETURNING id, k
--> write: write
--> writes: insert t{id=?1}

INSERT INTO t (id) VALUES (?) RETURNING (SELECT count(*) FROM s WHERE k = ?)
--> write: write
--> reads: s{k=?2}
--> writes: insert t{id=?1}

INSERT INTO t (a, b) SELECT a, b FROM s WHERE k = ? RETURNING a, (SELECT 1 FROM r WHERE k = ?)
--> write: write
--> reads: s{k=?1}, r{k=?2}
--> writes: t

REPLACE INTO t VALUES (1) RETURNING *
--> write: write
--> writes: t

INSERT INTO t (`returning`) VALUES ('RETURNING')
--> write: write
--> writes: insert t{returning='RETURNING'}

INSERT INTO t (id) VALUES (f(1))
--> write: write
--> writes: insert t{id=_}
--> functions: f

LOAD DATA INFILE '/tmp/x' INTO TABLE t
--> write: copy
--> writes: t

LOAD DATA LOCAL INFILE 'x' REPLACE INTO TABLE db.t PARTITION (p0) CHARACTER SET utf8 FIELDS TERMINATED BY ',' LINES TERMINATED BY '\n' IGNORE 1 LINES (a, @b) SET c = @b + 1, d = (SELECT max(x) FROM s)
--> write: copy
--> reads: s
--> writes: db.t
--> session: @b

LOAD XML INFILE 'x' INTO TABLE t ROWS IDENTIFIED BY '<row>'
--> write: copy
--> writes: t

LOAD DATA INFILE 'x' INTO TABLE t CHARACTER SET utf8
--> write: copy
--> writes: t

LOAD DATA INFILE 'x' INTO TABLE t (a) SET b = f(?)
--> write: copy
--> writes: t
--> functions: f

