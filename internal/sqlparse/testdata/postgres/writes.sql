-- case: insert values
INSERT INTO users (id) VALUES (1)
-- case: insert default values
INSERT INTO users DEFAULT VALUES RETURNING *
-- case: insert select
INSERT INTO c (id, n) SELECT a.id, b.n FROM a JOIN b USING (id) UNION ALL SELECT id, 0 FROM a
-- case: insert from itself
INSERT INTO t SELECT * FROM t WHERE id = 1
-- case: insert table
INSERT INTO t TABLE s
-- case: insert overriding
INSERT INTO t (id) OVERRIDING SYSTEM VALUE VALUES (5)
-- case: insert alias
INSERT INTO users AS u (id, hits) VALUES (1, 1) ON CONFLICT ON CONSTRAINT users_pkey DO UPDATE SET hits = u.hits + 1 WHERE u.active
-- case: insert with schema
INSERT INTO app.users (id) VALUES (1)
-- case: update all
UPDATE t SET a = 1
-- case: update only
UPDATE ONLY t SET a = 1
-- case: update from join
UPDATE t SET a = s.a FROM s JOIN r ON r.id = s.rid WHERE s.id = t.id
-- case: update from itself
UPDATE a SET n = a2.n FROM a AS a2 WHERE a2.id = a.parent_id
-- case: update current of
UPDATE t SET a = 1 WHERE CURRENT OF c1
-- case: update array element
UPDATE t SET a[1] = 5, b.c = 6 WHERE id = 1
-- case: update returning
UPDATE t SET a = 1 WHERE id = $1 RETURNING *
-- case: delete all
DELETE FROM t
-- case: delete using join
DELETE FROM a USING b JOIN c ON c.id = b.cid WHERE a.id = b.id
-- case: delete returning
DELETE FROM t WHERE id = 1 RETURNING *
-- case: delete current of
DELETE FROM t WHERE CURRENT OF c1
-- case: merge
MERGE INTO stock s USING deliveries d ON s.id = d.id WHEN MATCHED AND s.n + d.n > 0 THEN UPDATE SET n = s.n + d.n WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id, n) VALUES (d.id, d.n)
-- case: merge using a subquery
MERGE INTO t USING (SELECT * FROM s JOIN r USING (id)) q ON q.id = t.id WHEN NOT MATCHED THEN INSERT VALUES (q.id)
-- case: merge do nothing
MERGE INTO t USING s ON s.id = t.id WHEN MATCHED THEN DO NOTHING
-- case: merge not matched by source
MERGE INTO t USING s ON s.id = t.id WHEN NOT MATCHED BY SOURCE THEN DELETE
-- case: truncate
TRUNCATE a, app.b
-- case: truncate restart identity
TRUNCATE TABLE ONLY a RESTART IDENTITY
-- case: truncate cascade
TRUNCATE a CASCADE
-- case: refresh
REFRESH MATERIALIZED VIEW mv
-- case: refresh concurrently
REFRESH MATERIALIZED VIEW CONCURRENTLY app.mv
-- case: copy from
COPY users (id, name) FROM STDIN WITH (FORMAT csv)
-- case: copy from a program
COPY users FROM PROGRAM 'cat /tmp/x'
-- case: copy to
COPY users TO STDOUT
-- case: copy query to
COPY (SELECT * FROM users WHERE id = 1) TO STDOUT
-- case: copy write to
COPY (UPDATE a SET x = 1 RETURNING id) TO STDOUT
-- case: call
CALL refresh_totals(1)
-- case: do
DO $$ BEGIN DELETE FROM t; END $$
-- case: do with a language
DO LANGUAGE plpgsql 'BEGIN PERFORM f(); END'
-- case: select into
SELECT a, b INTO newt FROM oldt WHERE a > 1
-- case: select into temp
SELECT a INTO TEMP newt FROM oldt
-- case: select into of a union
SELECT a INTO newt FROM x UNION SELECT b FROM y
