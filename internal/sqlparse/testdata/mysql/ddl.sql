CREATE TABLE t (id INT PRIMARY KEY, p INT REFERENCES parent (id), FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE)
--> ddl: ddl create
--> writes: t
--> session: implicit commit

CREATE TABLE IF NOT EXISTS db.t LIKE db.s
--> ddl: ddl create
--> reads: db.s
--> writes: db.t
--> session: implicit commit

CREATE TABLE t (LIKE s)
--> ddl: ddl create
--> reads: s
--> writes: t
--> session: implicit commit

CREATE TABLE t AS SELECT * FROM s WHERE k = 1
--> ddl: ddl create
--> reads: s{k=1}
--> writes: t
--> session: implicit commit

CREATE TABLE t (id INT) IGNORE SELECT * FROM s
--> ddl: ddl create
--> reads: s
--> writes: t
--> session: implicit commit

CREATE TABLE t (id INT) ENGINE=MERGE UNION=(a, b)
--> ddl: ddl create
--> reads: a, b
--> writes: t
--> session: implicit commit

CREATE TABLE t (id INT) PARTITION BY HASH (id) PARTITIONS 4
--> ddl: ddl create
--> writes: t
--> session: implicit commit

CREATE OR REPLACE TABLE t (id INT)
--> ddl: ddl create
--> writes: *
--> session: implicit commit

CREATE TABLE t (id INT) WITH SYSTEM VERSIONING
--> ddl: ddl create
--> writes: *
--> session: implicit commit

CREATE TEMPORARY TABLE t (id INT)
--> ddl: ddl create
--> writes: t
--> temporary: t

CREATE TEMPORARY TABLE IF NOT EXISTS db.t AS SELECT * FROM s
--> ddl: ddl create
--> reads: s
--> writes: db.t
--> temporary: db.t

CREATE OR REPLACE TEMPORARY TABLE t (id INT)
--> ddl: ddl create
--> writes: *
--> temporary: t

CREATE TEMPORARY TABLE t LIKE s
--> ddl: ddl create
--> reads: s
--> writes: t
--> temporary: t

DROP TEMPORARY TABLE IF EXISTS t
--> ddl: ddl drop
--> writes: t

DROP TABLE a, db.b
--> ddl: ddl drop
--> writes: a, db.b
--> session: implicit commit

DROP TABLE IF EXISTS t CASCADE
--> ddl: ddl drop
--> writes: t
--> session: implicit commit

ALTER TABLE t ADD COLUMN a INT, DROP COLUMN b
--> ddl: ddl alter
--> writes: t
--> session: implicit commit

ALTER TABLE t RENAME TO s
--> ddl: ddl alter
--> writes: t, s
--> session: implicit commit
--> temporary: s

ALTER TABLE t EXCHANGE PARTITION p WITH TABLE s
--> ddl: ddl alter
--> writes: t, s
--> session: implicit commit

ALTER TABLE t DROP PARTITION p0
--> ddl: ddl alter
--> writes: t
--> session: implicit commit

ALTER TABLE t ADD SYSTEM VERSIONING
--> ddl: ddl alter
--> writes: *
--> session: implicit commit

ALTER TABLE t UNION=(a, b)
--> ddl: ddl alter
--> reads: a, b
--> writes: t
--> session: implicit commit

ALTER ONLINE TABLE t FORCE
--> ddl: ddl alter
--> writes: *
--> session: implicit commit

RENAME TABLE a TO b
--> ddl: ddl rename
--> writes: a, b
--> session: implicit commit
--> temporary: b

RENAME TABLE a TO c, b TO a, c TO b
--> ddl: ddl rename
--> writes: a, c, b, a, c, b
--> session: implicit commit
--> temporary: c, a, b

CREATE VIEW v AS SELECT * FROM t
--> ddl: ddl create
--> reads: t
--> writes: v
--> session: implicit commit

CREATE OR REPLACE ALGORITHM=MERGE DEFINER=`u`@`h` SQL SECURITY INVOKER VIEW db.v (a) AS SELECT a FROM t WITH CHECK OPTION
--> ddl: ddl create
--> reads: t
--> writes: db.v
--> session: implicit commit

ALTER VIEW v AS SELECT * FROM s
--> ddl: ddl alter
--> reads: s
--> writes: v
--> session: implicit commit

DROP VIEW v
--> ddl: ddl drop
--> writes: v
--> session: implicit commit

DROP VIEW IF EXISTS v, w
--> ddl: ddl drop
--> writes: v, w
--> session: implicit commit

CREATE INDEX i ON t (a)
--> ddl: ddl create
--> writes: t
--> session: implicit commit

CREATE UNIQUE INDEX i ON db.t (a(10), (b + 1))
--> ddl: ddl create
--> writes: db.t
--> session: implicit commit

CREATE FULLTEXT INDEX i ON t (a)
--> ddl: ddl create
--> writes: t
--> session: implicit commit

DROP INDEX i ON t
--> ddl: ddl drop
--> writes: t
--> session: implicit commit

CREATE DATABASE db
--> ddl: ddl create
--> writes: *
--> session: implicit commit

CREATE DATABASE IF NOT EXISTS db DEFAULT CHARACTER SET utf8mb4
--> ddl: ddl create
--> writes: *
--> session: implicit commit

ALTER DATABASE db CHARACTER SET utf8mb4
--> ddl: ddl alter
--> writes: *
--> session: implicit commit

DROP DATABASE db
--> ddl: ddl drop
--> writes: *
--> session: implicit commit

DROP SCHEMA IF EXISTS db
--> ddl: ddl drop
--> writes: *
--> session: implicit commit

CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1
--> ddl: ddl create
--> writes: *
--> session: implicit commit

CREATE TRIGGER tr AFTER DELETE ON t FOR EACH ROW BEGIN DELETE FROM s WHERE id = OLD.id; INSERT INTO r VALUES (1); END
--> ddl: ddl create
--> writes: *
--> session: implicit commit

DROP TRIGGER tr
--> ddl: ddl drop
--> writes: *
--> session: implicit commit

CREATE PROCEDURE p() BEGIN DELETE FROM t; END
--> ddl: ddl create
--> writes: *
--> session: implicit commit

CREATE PROCEDURE p(IN x INT) SELECT * FROM t WHERE id = x
--> ddl: ddl create
--> writes: *
--> session: implicit commit

DROP PROCEDURE p
--> ddl: ddl drop
--> writes: *
--> session: implicit commit

CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1
--> ddl: ddl create
--> writes: *
--> session: implicit commit

ALTER FUNCTION f COMMENT 'x'
--> ddl: ddl alter
--> writes: *
--> session: implicit commit

DROP FUNCTION f
--> ddl: ddl drop
--> writes: *
--> session: implicit commit

CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t
--> ddl: ddl create
--> writes: *
--> session: implicit commit

ALTER EVENT e DISABLE
--> ddl: ddl alter
--> writes: *
--> session: implicit commit

DROP EVENT e
--> ddl: ddl drop
--> writes: *
--> session: implicit commit

CREATE SEQUENCE s
--> ddl: ddl create
--> writes: s
--> session: implicit commit

CREATE SEQUENCE s START WITH 5 INCREMENT BY 2
--> ddl: ddl create
--> writes: s
--> session: implicit commit

ALTER SEQUENCE s RESTART 10
--> ddl: ddl alter
--> writes: *
--> session: implicit commit

DROP SEQUENCE s
--> ddl: ddl drop
--> writes: *
--> session: implicit commit

CREATE USER u IDENTIFIED BY 'x'
--> ddl: ddl create
--> session: implicit commit

ALTER USER u ACCOUNT LOCK
--> ddl: ddl alter
--> session: implicit commit

DROP USER u
--> ddl: ddl drop
--> session: implicit commit

RENAME USER a TO b
--> ddl: ddl rename
--> session: implicit commit

CREATE ROLE r
--> ddl: ddl create
--> session: implicit commit

DROP ROLE r
--> ddl: ddl drop
--> session: implicit commit

GRANT SELECT ON db.* TO u
--> ddl: ddl privileges
--> session: implicit commit

GRANT r TO u
--> ddl: ddl privileges
--> session: implicit commit

REVOKE ALL PRIVILEGES ON db.t FROM u
--> ddl: ddl privileges
--> session: implicit commit

CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'h')
--> ddl: ddl create
--> session: implicit commit

INSTALL PLUGIN p SONAME 'x.so'
--> ddl: ddl install
--> writes: *
--> session: implicit commit

UNINSTALL PLUGIN p
--> ddl: ddl uninstall
--> writes: *
--> session: implicit commit

IMPORT TABLE FROM 'x.sdi'
--> ddl: ddl import
--> writes: *
--> session: implicit commit

