-- case: with x as select * from t select * from x
WITH x AS (SELECT * FROM t) SELECT * FROM x

-- case: with x as select * from t where k = 1 select * from x where k = 2
WITH x AS (SELECT * FROM t WHERE k = 1) SELECT * FROM x WHERE k = 2

-- case: with x as select 1 y as select * from x join t select * from y
WITH x AS (SELECT 1), y AS (SELECT * FROM x JOIN t) SELECT * FROM y

-- case: with x as select * from y y as select * from t select * from x y
WITH x AS (SELECT * FROM y), y AS (SELECT * FROM t) SELECT * FROM x, y

-- case: with users as select * from users select * from users
WITH users AS (SELECT * FROM users) SELECT * FROM users

-- case: with users as select * from users where id = 1 select * from db.users
WITH users AS (SELECT * FROM users WHERE id = 1) SELECT * FROM db.users JOIN users USING (id)

-- case: with recursive c as select id parent from nodes where id = ? union all
WITH RECURSIVE c AS (SELECT id, parent FROM nodes WHERE id = ? UNION ALL SELECT n.id, n.parent FROM nodes n JOIN c ON n.parent = c.id) SELECT * FROM c

-- case: with recursive a as select 1 from t union all select 1 from b b as
WITH RECURSIVE a AS (SELECT 1 FROM t UNION ALL SELECT 1 FROM b), b AS (SELECT * FROM a) SELECT * FROM b

-- case: with recursive n i as select 1 union all select i + 1 from n where i <
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT n.i, t.a FROM n LEFT JOIN t ON t.id = n.i

-- case: with x as select * from t select * from s where a in select a from x
WITH x AS (SELECT * FROM t) SELECT * FROM s WHERE a IN (SELECT a FROM x)

-- case: with x as select * from t select * from with x as select * from s
WITH x AS (SELECT * FROM t) SELECT * FROM (WITH x AS (SELECT * FROM s) SELECT * FROM x) d JOIN x

-- case: select * from with x as select * from t select * from x d x
SELECT * FROM (WITH x AS (SELECT * FROM t) SELECT * FROM x) d, x

-- case: select with x as select * from t select max a from x from s
SELECT (WITH x AS (SELECT * FROM t) SELECT max(a) FROM x) FROM s

-- case: with x as select * from t select * from x, form 2
WITH X AS (SELECT * FROM t) SELECT * FROM x

-- case: with x as select * from t select * from x union select * from s union
WITH x AS (SELECT * FROM t) SELECT * FROM x UNION SELECT * FROM s UNION SELECT * FROM x

-- case: with x as select * from t select * from x order by a
WITH x AS (SELECT * FROM t) (SELECT * FROM x) ORDER BY a

-- case: with x a b as select 1 2 from t select a from x where b = 3
WITH x (a, b) AS (SELECT 1, 2 FROM t) SELECT a FROM x WHERE b = 3

-- case: with x as select now as n select * from t x
WITH x AS (SELECT NOW() AS n) SELECT * FROM t, x

-- case: with x as select * from t for update select * from x
WITH x AS (SELECT * FROM t FOR UPDATE) SELECT * FROM x

-- case: with x as select id from s where k = 1 update t join x on x.id = t.id
WITH x AS (SELECT id FROM s WHERE k = 1) UPDATE t JOIN x ON x.id = t.id SET t.a = 1 WHERE t.k = 2

-- case: with x as select id from s delete from t where id in select id from x
WITH x AS (SELECT id FROM s) DELETE FROM t WHERE id IN (SELECT id FROM x)

-- case: with x as select id from s delete t from t join x using id
WITH x AS (SELECT id FROM s) DELETE t FROM t JOIN x USING (id)

-- case: insert into t with x as select * from s select * from x
INSERT INTO t WITH x AS (SELECT * FROM s) SELECT * FROM x

-- case: replace into t with x as select * from s select * from x
REPLACE INTO t WITH x AS (SELECT * FROM s) SELECT * FROM x

-- case: create table n as with x as select * from s select * from x
CREATE TABLE n AS WITH x AS (SELECT * FROM s) SELECT * FROM x

-- case: create view v as with x as select * from s select * from x
CREATE VIEW v AS WITH x AS (SELECT * FROM s) SELECT * FROM x
