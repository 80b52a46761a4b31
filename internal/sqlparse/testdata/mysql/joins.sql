SELECT * FROM a, b WHERE a.id = b.id AND a.k = 1 AND b.k = 2
--> read: cacheable
--> reads: a{k=1}, b{k=2}

SELECT * FROM a INNER JOIN b ON a.id = b.id AND a.k = 1 AND b.k = 2
--> read: cacheable
--> reads: a{k=1}, b{k=2}

SELECT * FROM a CROSS JOIN b ON a.k = 1
--> read: cacheable
--> reads: a{k=1}, b

SELECT * FROM a LEFT JOIN b ON a.id = b.id AND a.k = 1 AND b.k = 2
--> read: cacheable
--> reads: a, b{k=2}

SELECT * FROM a LEFT JOIN b ON a.id = b.id WHERE a.k = 1 AND b.k = 2
--> read: cacheable
--> reads: a{k=1}, b{k=2}

SELECT * FROM a RIGHT JOIN b ON a.id = b.id AND a.k = 1 AND b.k = 2
--> read: cacheable
--> reads: a{k=1}, b

SELECT * FROM a RIGHT OUTER JOIN b ON a.id = b.id WHERE a.k = 1
--> read: cacheable
--> reads: a{k=1}, b

SELECT * FROM a NATURAL JOIN b WHERE k = 1
--> read: cacheable
--> reads: a, b

SELECT * FROM a NATURAL LEFT JOIN b
--> read: cacheable
--> reads: a, b

SELECT * FROM a NATURAL RIGHT OUTER JOIN b
--> read: cacheable
--> reads: a, b

SELECT * FROM a STRAIGHT_JOIN b ON a.k = 1
--> read: cacheable
--> reads: a{k=1}, b

SELECT STRAIGHT_JOIN * FROM a JOIN b JOIN c ON a.k = 1
--> read: cacheable
--> reads: a{k=1}, b, c

SELECT * FROM a JOIN b USING (id, k) WHERE a.k = 1
--> read: cacheable
--> reads: a{k=1}, b

SELECT * FROM (a JOIN b ON a.k = 1) LEFT JOIN c ON a.id = c.id AND b.k = 3
--> read: cacheable
--> reads: a{k=1}, b, c

SELECT * FROM a LEFT JOIN (b JOIN c ON b.k = 1 AND c.k = 2) ON a.id = b.id
--> read: cacheable
--> reads: a, b{k=1}, c{k=2}

SELECT * FROM a LEFT JOIN (b LEFT JOIN c ON c.k = 2 AND b.k = 4) ON a.id = b.id AND c.k = 3 AND b.k = 5
--> read: cacheable
--> reads: a, b{k=5}, c{k=2 k=3}

SELECT * FROM (a, b) LEFT JOIN (c, d) ON a.x = c.x AND d.k = 1
--> read: cacheable
--> reads: a, b, c, d{k=1}

SELECT * FROM a x JOIN a y ON x.parent = y.id WHERE x.id = 1 AND y.id = 2
--> read: cacheable
--> reads: a{id=1}, a{id=2}

SELECT * FROM db1.t JOIN db2.t ON db1.t.id = db2.t.id WHERE db1.t.k = 1
--> read: cacheable
--> reads: db1.t{k=1}, db2.t

SELECT * FROM db1.t, db2.t WHERE t.k = 1
--> read: cacheable
--> reads: db1.t, db2.t

SELECT * FROM db1.t WHERE t.k = 1 AND db1.t.m = 2 AND db2.t.n = 3
--> read: cacheable
--> reads: db1.t{k=1 m=2}

SELECT * FROM t AS x WHERE t.k = 1
--> read: cacheable
--> reads: t

SELECT * FROM t AS A, t AS a WHERE a.k = 1
--> read: cacheable
--> reads: t, t{k=1}

SELECT * FROM t AS A WHERE a.k = 1
--> read: cacheable
--> reads: t

SELECT * FROM a JOIN (SELECT id FROM b WHERE k = 1) AS d ON d.id = a.id WHERE d.id = 2 AND a.k = 3
--> read: cacheable
--> reads: b{k=1}, a{k=3}

SELECT * FROM a, LATERAL (SELECT * FROM b WHERE b.id = a.id AND b.k = 1 AND a.k = 2) AS d
--> read: cacheable
--> reads: b{k=1}, a

SELECT * FROM a LEFT JOIN LATERAL (SELECT * FROM b LIMIT 1) AS d ON TRUE
--> read: cacheable
--> reads: b, a

SELECT * FROM docs, JSON_TABLE(docs.j, '$[*]' COLUMNS (x INT PATH '$.x', NESTED PATH '$.y[*]' COLUMNS (z INT PATH '$.z'))) AS jt WHERE docs.id = 5
--> read: cacheable
--> reads: docs{id=5}

SELECT * FROM { OJ a LEFT OUTER JOIN b ON a.id = b.id }
--> read: cacheable
--> reads: a, b

SELECT a.id FROM a FULL JOIN b ON a.id = b.id
--> read: cacheable
--> reads: a, b

SELECT * FROM t PARTITION (p0) AS x FORCE INDEX FOR JOIN (PRIMARY) WHERE x.id = 1
--> read: cacheable
--> reads: t{id=1}

SELECT * FROM DUAL WHERE 1 = 1
--> read: no_table

SELECT * FROM t, DUAL
--> unknown: unparsed

