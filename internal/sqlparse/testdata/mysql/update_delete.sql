UPDATE t SET a = 1
--> write: write
--> writes: update t sets a

UPDATE t SET a = 1 WHERE id = ?
--> write: write
--> writes: update t{id=?1} sets a

UPDATE t SET a = ?, b = b + ? WHERE id = ? AND k IN (?, ?)
--> write: write
--> writes: update t{id=?3 k=?4|?5} sets a b

UPDATE t SET id = 2 WHERE id = 1
--> write: write
--> writes: update t{id=1} sets id

UPDATE db.t AS x SET x.a = 1 WHERE x.id = 1
--> write: write
--> writes: update db.t{id=1} sets a

UPDATE t SET a = 1 WHERE id = 1 OR k = 2
--> write: write
--> writes: update t sets a

UPDATE t SET a = 1 WHERE id = 1 ORDER BY k LIMIT 5
--> write: write
--> writes: update t{id=1} sets a

UPDATE LOW_PRIORITY IGNORE t SET a = 1 WHERE id = 1
--> write: write
--> writes: update t{id=1} sets a

UPDATE t SET a = (SELECT max(x) FROM s WHERE s.id = t.id) WHERE id = 1
--> write: write
--> reads: s
--> writes: update t{id=1} sets a

UPDATE t SET a = 1 WHERE id IN (SELECT id FROM s WHERE k = 1)
--> write: write
--> reads: s{k=1}
--> writes: update t sets a

UPDATE t PARTITION (p0) SET a = 1
--> write: write
--> writes: update t sets a

UPDATE a, b SET a.x = b.x WHERE a.id = b.id AND a.k = 1 AND b.k = 2
--> write: write
--> reads: b{k=2}
--> writes: update a{k=1} sets x

UPDATE a, b SET x = 1 WHERE a.id = b.id
--> write: write
--> writes: update a sets x, update b sets x

UPDATE a JOIN b ON a.id = b.id AND b.k = 1 SET a.x = 1, b.y = 2
--> write: write
--> writes: update a sets x, update b{k=1} sets y

UPDATE a LEFT JOIN b ON a.id = b.id AND a.k = 1 SET b.x = 1
--> write: write
--> reads: a
--> writes: update b sets x

UPDATE a AS x JOIN a AS y ON x.p = y.id SET x.n = y.n WHERE y.id = 1
--> write: write
--> reads: a{id=1}
--> writes: update a sets n

UPDATE t JOIN (SELECT id, max(x) m FROM s GROUP BY id) d USING (id) SET t.a = d.m
--> write: write
--> reads: s
--> writes: update t sets a

UPDATE t JOIN (SELECT id FROM s) d USING (id) SET a = 1
--> write: write
--> reads: s
--> writes: update t sets a

UPDATE db1.t, db2.t SET db1.t.a = 1 WHERE db1.t.id = db2.t.id
--> write: write
--> reads: db2.t
--> writes: update db1.t sets a

UPDATE t SET a = @x := 1
--> write: write
--> writes: update t sets a
--> session: @x

UPDATE t SET a = f(b) WHERE id = 1
--> write: write
--> writes: update t{id=1} sets a
--> functions: f

UPDATE t SET a = NOW() WHERE id = 1
--> write: write
--> writes: update t{id=1} sets a

UPDATE t SET t.a = DEFAULT
--> write: write
--> writes: update t sets a

DELETE FROM t
--> write: write
--> writes: delete t

DELETE FROM t WHERE id = ? AND k = ?
--> write: write
--> writes: delete t{id=?1 k=?2}

DELETE FROM db.t WHERE id = 1 ORDER BY k LIMIT 1
--> write: write
--> writes: delete db.t{id=1}

DELETE FROM t AS x WHERE x.id = 1
--> write: write
--> writes: delete t{id=1}

DELETE QUICK IGNORE FROM t WHERE id = 1
--> write: write
--> writes: delete t{id=1}

DELETE FROM t PARTITION (p0, p1) WHERE id = 1
--> write: write
--> writes: delete t{id=1}

DELETE FROM t WHERE id IN (SELECT id FROM s)
--> write: write
--> reads: s
--> writes: delete t

DELETE a FROM a JOIN b ON a.id = b.id WHERE b.k = 1
--> write: write
--> reads: b{k=1}
--> writes: delete a

DELETE a, b FROM a, b, c WHERE a.id = b.id AND b.id = c.id AND a.k = 1
--> write: write
--> reads: c
--> writes: delete a{k=1}, delete b

DELETE FROM a, b USING a JOIN b ON a.id = b.id WHERE a.k = 1
--> write: write
--> writes: delete a{k=1}, delete b

DELETE FROM x USING a AS x JOIN b ON x.id = b.id
--> write: write
--> reads: b
--> writes: delete a

DELETE x.* FROM db.a AS x
--> write: write
--> writes: delete db.a

DELETE db.a FROM db.a JOIN b ON a.id = b.id
--> write: write
--> reads: b
--> writes: delete db.a

DELETE A FROM a JOIN b ON a.id = b.id
--> write: write
--> writes: delete a, delete b

DELETE zzz FROM a JOIN b ON a.id = b.id
--> write: write
--> writes: delete a, delete b

DELETE a FROM a JOIN (SELECT id FROM b) d USING (id)
--> write: write
--> reads: b
--> writes: delete a

DELETE FROM t WHERE id = ? RETURNING id
--> write: write
--> writes: delete t{id=?1}

DELETE FROM t WHERE id = ? RETURNING (SELECT max(x) FROM s WHERE k = ?)
--> write: write
--> reads: s{k=?2}
--> writes: delete t{id=?1}

DELETE HISTORY FROM t
--> write: write
--> writes: delete t

DELETE HISTORY FROM t BEFORE SYSTEM_TIME '2024-01-01'
--> unknown: unparsed

TRUNCATE t
--> write: write
--> writes: t
--> session: implicit commit

TRUNCATE TABLE db.t
--> write: write
--> writes: db.t
--> session: implicit commit

WITH x AS (SELECT 1) UPDATE x SET a = 1
--> unknown: unparsed

WITH t AS (SELECT 1) DELETE FROM t
--> unknown: unparsed

