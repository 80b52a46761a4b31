-- case: update t set a = 1
UPDATE t SET a = 1

-- case: update t set a = 1 where id = ?
UPDATE t SET a = 1 WHERE id = ?

-- case: update t set a = ? b = b + ? where id = ? and k in ? ?
UPDATE t SET a = ?, b = b + ? WHERE id = ? AND k IN (?, ?)

-- case: update t set id = 2 where id = 1
UPDATE t SET id = 2 WHERE id = 1

-- case: update db.t as x set x.a = 1 where x.id = 1
UPDATE db.t AS x SET x.a = 1 WHERE x.id = 1

-- case: update t set a = 1 where id = 1 or k = 2
UPDATE t SET a = 1 WHERE id = 1 OR k = 2

-- case: update t set a = 1 where id = 1 order by k limit 5
UPDATE t SET a = 1 WHERE id = 1 ORDER BY k LIMIT 5

-- case: update low_priority ignore t set a = 1 where id = 1
UPDATE LOW_PRIORITY IGNORE t SET a = 1 WHERE id = 1

-- case: update t set a = select max x from s where s.id = t.id where id = 1
UPDATE t SET a = (SELECT max(x) FROM s WHERE s.id = t.id) WHERE id = 1

-- case: update t set a = 1 where id in select id from s where k = 1
UPDATE t SET a = 1 WHERE id IN (SELECT id FROM s WHERE k = 1)

-- case: update t partition p0 set a = 1
UPDATE t PARTITION (p0) SET a = 1

-- case: update a b set a.x = b.x where a.id = b.id and a.k = 1 and b.k = 2
UPDATE a, b SET a.x = b.x WHERE a.id = b.id AND a.k = 1 AND b.k = 2

-- case: update a b set x = 1 where a.id = b.id
UPDATE a, b SET x = 1 WHERE a.id = b.id

-- case: update a join b on a.id = b.id and b.k = 1 set a.x = 1 b.y = 2
UPDATE a JOIN b ON a.id = b.id AND b.k = 1 SET a.x = 1, b.y = 2

-- case: update a left join b on a.id = b.id and a.k = 1 set b.x = 1
UPDATE a LEFT JOIN b ON a.id = b.id AND a.k = 1 SET b.x = 1

-- case: update a as x join a as y on x.p = y.id set x.n = y.n where y.id = 1
UPDATE a AS x JOIN a AS y ON x.p = y.id SET x.n = y.n WHERE y.id = 1

-- case: update t join select id max x m from s group by id d using id set t.a =
UPDATE t JOIN (SELECT id, max(x) m FROM s GROUP BY id) d USING (id) SET t.a = d.m

-- case: update t join select id from s d using id set a = 1
UPDATE t JOIN (SELECT id FROM s) d USING (id) SET a = 1

-- case: update db1.t db2.t set db1.t.a = 1 where db1.t.id = db2.t.id
UPDATE db1.t, db2.t SET db1.t.a = 1 WHERE db1.t.id = db2.t.id

-- case: update t set a = @x = 1
UPDATE t SET a = @x := 1

-- case: update t set a = f b where id = 1
UPDATE t SET a = f(b) WHERE id = 1

-- case: update t set a = now where id = 1
UPDATE t SET a = NOW() WHERE id = 1

-- case: update t set t.a = default
UPDATE t SET t.a = DEFAULT

-- case: delete from t
DELETE FROM t

-- case: delete from t where id = ? and k = ?
DELETE FROM t WHERE id = ? AND k = ?

-- case: delete from db.t where id = 1 order by k limit 1
DELETE FROM db.t WHERE id = 1 ORDER BY k LIMIT 1

-- case: delete from t as x where x.id = 1
DELETE FROM t AS x WHERE x.id = 1

-- case: delete quick ignore from t where id = 1
DELETE QUICK IGNORE FROM t WHERE id = 1

-- case: delete from t partition p0 p1 where id = 1
DELETE FROM t PARTITION (p0, p1) WHERE id = 1

-- case: delete from t where id in select id from s
DELETE FROM t WHERE id IN (SELECT id FROM s)

-- case: delete a from a join b on a.id = b.id where b.k = 1
DELETE a FROM a JOIN b ON a.id = b.id WHERE b.k = 1

-- case: delete a b from a b c where a.id = b.id and b.id = c.id and a.k = 1
DELETE a, b FROM a, b, c WHERE a.id = b.id AND b.id = c.id AND a.k = 1

-- case: delete from a b using a join b on a.id = b.id where a.k = 1
DELETE FROM a, b USING a JOIN b ON a.id = b.id WHERE a.k = 1

-- case: delete from x using a as x join b on x.id = b.id
DELETE FROM x USING a AS x JOIN b ON x.id = b.id

-- case: delete x.* from db.a as x
DELETE x.* FROM db.a AS x

-- case: delete db.a from db.a join b on a.id = b.id
DELETE db.a FROM db.a JOIN b ON a.id = b.id

-- case: delete a from a join b on a.id = b.id
DELETE A FROM a JOIN b ON a.id = b.id

-- case: delete zzz from a join b on a.id = b.id
DELETE zzz FROM a JOIN b ON a.id = b.id

-- case: delete a from a join select id from b d using id
DELETE a FROM a JOIN (SELECT id FROM b) d USING (id)

-- case: delete from t where id = ? returning id
DELETE FROM t WHERE id = ? RETURNING id

-- case: delete from t where id = ? returning select max x from s where k = ?
DELETE FROM t WHERE id = ? RETURNING (SELECT max(x) FROM s WHERE k = ?)

-- case: delete history from t
DELETE HISTORY FROM t

-- case: delete history from t before system_time 2024 - 01 - 01
DELETE HISTORY FROM t BEFORE SYSTEM_TIME '2024-01-01'

-- case: truncate t
TRUNCATE t

-- case: truncate table db.t
TRUNCATE TABLE db.t

-- case: with x as select 1 update x set a = 1
WITH x AS (SELECT 1) UPDATE x SET a = 1

-- case: with t as select 1 delete from t
WITH t AS (SELECT 1) DELETE FROM t
