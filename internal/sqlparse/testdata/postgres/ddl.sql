-- case: create table
CREATE TABLE t (id bigint PRIMARY KEY, name text NOT NULL DEFAULT 'x', at timestamptz DEFAULT now())
-- case: create table with references
CREATE TABLE orders (id bigint, user_id bigint REFERENCES users (id) ON DELETE CASCADE, FOREIGN KEY (id) REFERENCES app.x (id))
-- case: create table if not exists
CREATE TABLE IF NOT EXISTS app.t (id int)
-- case: create temp table
CREATE TEMP TABLE tmp (id int) ON COMMIT DROP
-- case: create unlogged table
CREATE UNLOGGED TABLE u (id int)
-- case: create table in pg_temp
CREATE TABLE pg_temp.x (id int)
-- case: create table like
CREATE TABLE t2 (LIKE tmpl INCLUDING ALL)
-- case: create table inherits
CREATE TABLE child (x int) INHERITS (parent)
-- case: create partition
CREATE TABLE p1 PARTITION OF parted FOR VALUES FROM (1) TO (10)
-- case: create partitioned
CREATE TABLE parted (id int) PARTITION BY RANGE (id)
-- case: create table as
CREATE TABLE newt AS SELECT * FROM oldt
-- case: create temp table as
CREATE TEMPORARY TABLE newt AS SELECT * FROM oldt
-- case: create table as execute
CREATE TABLE newt AS EXECUTE plan1(1)
-- case: create view
CREATE OR REPLACE VIEW v AS SELECT * FROM a JOIN b USING (id)
-- case: create temp view
CREATE TEMP VIEW v AS SELECT * FROM a
-- case: create recursive view
CREATE RECURSIVE VIEW v (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM v JOIN t ON true
-- case: create materialized view
CREATE MATERIALIZED VIEW mv AS SELECT count(*) FROM a WITH NO DATA
-- case: create foreign table
CREATE FOREIGN TABLE ft (id int) SERVER s
-- case: create index
CREATE UNIQUE INDEX CONCURRENTLY idx ON users USING btree (lower(email)) WHERE active
-- case: create sequence
CREATE SEQUENCE s
-- case: create trigger
CREATE TRIGGER tr AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION log_it()
-- case: create rule
CREATE RULE r AS ON INSERT TO t DO INSTEAD INSERT INTO s VALUES (NEW.id)
-- case: create rule with actions
CREATE RULE r AS ON UPDATE TO t DO ALSO (INSERT INTO s VALUES (1); DELETE FROM r)
-- case: create policy
CREATE POLICY p ON users USING (owner = current_user)
-- case: create function
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'
-- case: create function with a body
CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END
-- case: create procedure
CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN DELETE FROM t; END $$
-- case: create schema
CREATE SCHEMA tenant1
-- case: create schema with tables
CREATE SCHEMA s CREATE TABLE t (id int) CREATE VIEW v AS SELECT * FROM t
-- case: create extension
CREATE EXTENSION IF NOT EXISTS pgcrypto
-- case: create type
CREATE TYPE mood AS ENUM ('a', 'b')
-- case: create domain
CREATE DOMAIN d AS int CHECK (VALUE > 0)
-- case: create role
CREATE ROLE bob LOGIN
-- case: create database
CREATE DATABASE x
-- case: create publication
CREATE PUBLICATION p FOR TABLE t
-- case: create statistics
CREATE STATISTICS s ON a, b FROM t
-- case: alter table add column
ALTER TABLE users ADD COLUMN age int DEFAULT 0
-- case: alter table several
ALTER TABLE users DROP COLUMN a, ALTER COLUMN b TYPE bigint USING b::bigint
-- case: alter table rename
ALTER TABLE users RENAME TO people
-- case: alter table rename column
ALTER TABLE users RENAME COLUMN a TO b
-- case: alter table add foreign key
ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (uid) REFERENCES users (id) ON DELETE CASCADE
-- case: alter table attach
ALTER TABLE parted ATTACH PARTITION p1 FOR VALUES IN (1)
-- case: alter table detach
ALTER TABLE parted DETACH PARTITION p1 CONCURRENTLY
-- case: alter table inherit
ALTER TABLE child INHERIT parent
-- case: alter table no inherit
ALTER TABLE child NO INHERIT parent
-- case: alter table set schema
ALTER TABLE users SET SCHEMA app
-- case: alter table owner
ALTER TABLE users OWNER TO bob
-- case: alter table row security
ALTER TABLE users ENABLE ROW LEVEL SECURITY
-- case: alter table disable trigger
ALTER TABLE users DISABLE TRIGGER ALL
-- case: alter view
ALTER VIEW v RENAME TO w
-- case: alter schema rename
ALTER SCHEMA a RENAME TO b
-- case: alter sequence
ALTER SEQUENCE s RESTART
-- case: alter function
ALTER FUNCTION f(int) VOLATILE
-- case: alter role set
ALTER ROLE bob SET search_path = app
-- case: alter policy
ALTER POLICY p ON users USING (true)
-- case: alter type
ALTER TYPE mood ADD VALUE 'c'
-- case: alter system
ALTER SYSTEM SET work_mem = '1GB'
-- case: drop table
DROP TABLE IF EXISTS a, s.b CASCADE
-- case: drop view
DROP VIEW v
-- case: drop materialized view
DROP MATERIALIZED VIEW mv
-- case: drop index
DROP INDEX CONCURRENTLY idx_users_email
-- case: drop schema
DROP SCHEMA tenant1 CASCADE
-- case: drop trigger
DROP TRIGGER tr ON app.users
-- case: drop policy
DROP POLICY p ON users
-- case: drop rule
DROP RULE r ON users
-- case: drop function
DROP FUNCTION f(int)
-- case: drop sequence
DROP SEQUENCE s
-- case: drop type
DROP TYPE mood CASCADE
-- case: drop extension
DROP EXTENSION pgcrypto
-- case: drop owned
DROP OWNED BY bob
-- case: grant
GRANT SELECT ON users TO bob
-- case: revoke
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM bob
-- case: comment
COMMENT ON TABLE users IS 'people'
-- case: import foreign schema
IMPORT FOREIGN SCHEMA x FROM SERVER s INTO y
