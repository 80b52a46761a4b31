-- case: begin
BEGIN IMMEDIATE
-- case: commit
COMMIT
-- case: end
END TRANSACTION
-- case: rollback
ROLLBACK
-- case: savepoint
SAVEPOINT a
-- case: release
RELEASE a
-- case: rollback to
ROLLBACK TO a
-- case: pragma
PRAGMA table_info(users)
-- case: pragma set
PRAGMA foreign_keys = ON
-- case: attach
ATTACH DATABASE 'x.db' AS aux
-- case: detach
DETACH aux
-- case: vacuum
VACUUM
-- case: analyze
ANALYZE
-- case: reindex
REINDEX t
-- case: explain
EXPLAIN QUERY PLAN SELECT * FROM t WHERE id = 1
-- case: explain write
EXPLAIN DELETE FROM t
-- case: create table
CREATE TABLE t (id INTEGER PRIMARY KEY, u INTEGER REFERENCES users (id), FOREIGN KEY (u) REFERENCES other (id))
-- case: create temp table
CREATE TEMP TABLE t (id INTEGER)
-- case: create table as
CREATE TABLE t AS SELECT * FROM s
-- case: create view
CREATE VIEW v AS SELECT * FROM a
-- case: create index
CREATE INDEX i ON t (a)
-- case: create trigger
CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO s VALUES (1); DELETE FROM r; END
-- case: create virtual table
CREATE VIRTUAL TABLE ft USING fts5(a, b)
-- case: alter table
ALTER TABLE t ADD COLUMN a TEXT
-- case: alter table rename
ALTER TABLE t RENAME TO s
-- case: drop table
DROP TABLE IF EXISTS main.t
-- case: drop view
DROP VIEW v
-- case: drop index
DROP INDEX i
-- case: drop trigger
DROP TRIGGER tr
-- case: several
SELECT * FROM a; DELETE FROM b WHERE id = 1;
-- case: garbage
FROB t
-- case: unterminated
SELECT * FROM t WHERE a = 'x
