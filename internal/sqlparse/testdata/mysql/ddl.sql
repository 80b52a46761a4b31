-- case: create table t id int primary key p int references parent id foreign
CREATE TABLE t (id INT PRIMARY KEY, p INT REFERENCES parent (id), FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE)

-- case: create table if not exists db.t like db.s
CREATE TABLE IF NOT EXISTS db.t LIKE db.s

-- case: create table t like s
CREATE TABLE t (LIKE s)

-- case: create table t as select * from s where k = 1
CREATE TABLE t AS SELECT * FROM s WHERE k = 1

-- case: create table t id int ignore select * from s
CREATE TABLE t (id INT) IGNORE SELECT * FROM s

-- case: create table t id int engine = merge union = a b
CREATE TABLE t (id INT) ENGINE=MERGE UNION=(a, b)

-- case: create table t id int partition by hash id partitions 4
CREATE TABLE t (id INT) PARTITION BY HASH (id) PARTITIONS 4

-- case: create or replace table t id int
CREATE OR REPLACE TABLE t (id INT)

-- case: create table t id int with system versioning
CREATE TABLE t (id INT) WITH SYSTEM VERSIONING

-- case: create temporary table t id int
CREATE TEMPORARY TABLE t (id INT)

-- case: create temporary table if not exists db.t as select * from s
CREATE TEMPORARY TABLE IF NOT EXISTS db.t AS SELECT * FROM s

-- case: create or replace temporary table t id int
CREATE OR REPLACE TEMPORARY TABLE t (id INT)

-- case: create temporary table t like s
CREATE TEMPORARY TABLE t LIKE s

-- case: drop temporary table if exists t
DROP TEMPORARY TABLE IF EXISTS t

-- case: drop table a db.b
DROP TABLE a, db.b

-- case: drop table if exists t cascade
DROP TABLE IF EXISTS t CASCADE

-- case: alter table t add column a int drop column b
ALTER TABLE t ADD COLUMN a INT, DROP COLUMN b

-- case: alter table t rename to s
ALTER TABLE t RENAME TO s

-- case: alter table t exchange partition p with table s
ALTER TABLE t EXCHANGE PARTITION p WITH TABLE s

-- case: alter table t drop partition p0
ALTER TABLE t DROP PARTITION p0

-- case: alter table t add system versioning
ALTER TABLE t ADD SYSTEM VERSIONING

-- case: alter table t union = a b
ALTER TABLE t UNION=(a, b)

-- case: alter online table t force
ALTER ONLINE TABLE t FORCE

-- case: rename table a to b
RENAME TABLE a TO b

-- case: rename table a to c b to a c to b
RENAME TABLE a TO c, b TO a, c TO b

-- case: create view v as select * from t
CREATE VIEW v AS SELECT * FROM t

-- case: create or replace algorithm = merge definer = u@h sql security invoker
CREATE OR REPLACE ALGORITHM=MERGE DEFINER=`u`@`h` SQL SECURITY INVOKER VIEW db.v (a) AS SELECT a FROM t WITH CHECK OPTION

-- case: alter view v as select * from s
ALTER VIEW v AS SELECT * FROM s

-- case: drop view v
DROP VIEW v

-- case: drop view if exists v w
DROP VIEW IF EXISTS v, w

-- case: create index i on t a
CREATE INDEX i ON t (a)

-- case: create unique index i on db.t a 10 b + 1
CREATE UNIQUE INDEX i ON db.t (a(10), (b + 1))

-- case: create fulltext index i on t a
CREATE FULLTEXT INDEX i ON t (a)

-- case: drop index i on t
DROP INDEX i ON t

-- case: create database db
CREATE DATABASE db

-- case: create database if not exists db default character set utf8mb4
CREATE DATABASE IF NOT EXISTS db DEFAULT CHARACTER SET utf8mb4

-- case: alter database db character set utf8mb4
ALTER DATABASE db CHARACTER SET utf8mb4

-- case: drop database db
DROP DATABASE db

-- case: drop schema if exists db
DROP SCHEMA IF EXISTS db

-- case: create trigger tr before insert on t for each row set new.a = 1
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1

-- case: create trigger tr after delete on t for each row begin delete from s
CREATE TRIGGER tr AFTER DELETE ON t FOR EACH ROW BEGIN DELETE FROM s WHERE id = OLD.id; INSERT INTO r VALUES (1); END

-- case: drop trigger tr
DROP TRIGGER tr

-- case: create procedure p begin delete from t end
CREATE PROCEDURE p() BEGIN DELETE FROM t; END

-- case: create procedure p in x int select * from t where id = x
CREATE PROCEDURE p(IN x INT) SELECT * FROM t WHERE id = x

-- case: drop procedure p
DROP PROCEDURE p

-- case: create function f returns int deterministic return 1
CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1

-- case: alter function f comment x
ALTER FUNCTION f COMMENT 'x'

-- case: drop function f
DROP FUNCTION f

-- case: create event e on schedule every 1 day do delete from t
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t

-- case: alter event e disable
ALTER EVENT e DISABLE

-- case: drop event e
DROP EVENT e

-- case: create sequence s
CREATE SEQUENCE s

-- case: create sequence s start with 5 increment by 2
CREATE SEQUENCE s START WITH 5 INCREMENT BY 2

-- case: alter sequence s restart 10
ALTER SEQUENCE s RESTART 10

-- case: drop sequence s
DROP SEQUENCE s

-- case: create user u identified by x
CREATE USER u IDENTIFIED BY 'x'

-- case: alter user u account lock
ALTER USER u ACCOUNT LOCK

-- case: drop user u
DROP USER u

-- case: rename user a to b
RENAME USER a TO b

-- case: create role r
CREATE ROLE r

-- case: drop role r
DROP ROLE r

-- case: grant select on db.* to u
GRANT SELECT ON db.* TO u

-- case: grant r to u
GRANT r TO u

-- case: revoke all privileges on db.t from u
REVOKE ALL PRIVILEGES ON db.t FROM u

-- case: create server s foreign data wrapper mysql options host h
CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'h')

-- case: install plugin p soname x.so
INSTALL PLUGIN p SONAME 'x.so'

-- case: uninstall plugin p
UNINSTALL PLUGIN p

-- case: import table from x.sdi
IMPORT TABLE FROM 'x.sdi'
