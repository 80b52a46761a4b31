-- case: select * from a b where a.id = b.id and a.k = 1 and b.k = 2
SELECT * FROM a, b WHERE a.id = b.id AND a.k = 1 AND b.k = 2

-- case: select * from a inner join b on a.id = b.id and a.k = 1 and b.k = 2
SELECT * FROM a INNER JOIN b ON a.id = b.id AND a.k = 1 AND b.k = 2

-- case: select * from a cross join b on a.k = 1
SELECT * FROM a CROSS JOIN b ON a.k = 1

-- case: select * from a left join b on a.id = b.id and a.k = 1 and b.k = 2
SELECT * FROM a LEFT JOIN b ON a.id = b.id AND a.k = 1 AND b.k = 2

-- case: select * from a left join b on a.id = b.id where a.k = 1 and b.k = 2
SELECT * FROM a LEFT JOIN b ON a.id = b.id WHERE a.k = 1 AND b.k = 2

-- case: select * from a right join b on a.id = b.id and a.k = 1 and b.k = 2
SELECT * FROM a RIGHT JOIN b ON a.id = b.id AND a.k = 1 AND b.k = 2

-- case: select * from a right outer join b on a.id = b.id where a.k = 1
SELECT * FROM a RIGHT OUTER JOIN b ON a.id = b.id WHERE a.k = 1

-- case: select * from a natural join b where k = 1
SELECT * FROM a NATURAL JOIN b WHERE k = 1

-- case: select * from a natural left join b
SELECT * FROM a NATURAL LEFT JOIN b

-- case: select * from a natural right outer join b
SELECT * FROM a NATURAL RIGHT OUTER JOIN b

-- case: select * from a straight_join b on a.k = 1
SELECT * FROM a STRAIGHT_JOIN b ON a.k = 1

-- case: select straight_join * from a join b join c on a.k = 1
SELECT STRAIGHT_JOIN * FROM a JOIN b JOIN c ON a.k = 1

-- case: select * from a join b using id k where a.k = 1
SELECT * FROM a JOIN b USING (id, k) WHERE a.k = 1

-- case: select * from a join b on a.k = 1 left join c on a.id = c.id and b.k =
SELECT * FROM (a JOIN b ON a.k = 1) LEFT JOIN c ON a.id = c.id AND b.k = 3

-- case: select * from a left join b join c on b.k = 1 and c.k = 2 on a.id =
SELECT * FROM a LEFT JOIN (b JOIN c ON b.k = 1 AND c.k = 2) ON a.id = b.id

-- case: select * from a left join b left join c on c.k = 2 and b.k = 4 on a.id
SELECT * FROM a LEFT JOIN (b LEFT JOIN c ON c.k = 2 AND b.k = 4) ON a.id = b.id AND c.k = 3 AND b.k = 5

-- case: select * from a b left join c d on a.x = c.x and d.k = 1
SELECT * FROM (a, b) LEFT JOIN (c, d) ON a.x = c.x AND d.k = 1

-- case: select * from a x join a y on x.parent = y.id where x.id = 1 and y.id =
SELECT * FROM a x JOIN a y ON x.parent = y.id WHERE x.id = 1 AND y.id = 2

-- case: select * from db1.t join db2.t on db1.t.id = db2.t.id where db1.t.k = 1
SELECT * FROM db1.t JOIN db2.t ON db1.t.id = db2.t.id WHERE db1.t.k = 1

-- case: select * from db1.t db2.t where t.k = 1
SELECT * FROM db1.t, db2.t WHERE t.k = 1

-- case: select * from db1.t where t.k = 1 and db1.t.m = 2 and db2.t.n = 3
SELECT * FROM db1.t WHERE t.k = 1 AND db1.t.m = 2 AND db2.t.n = 3

-- case: select * from t as x where t.k = 1
SELECT * FROM t AS x WHERE t.k = 1

-- case: select * from t as a t as a where a.k = 1
SELECT * FROM t AS A, t AS a WHERE a.k = 1

-- case: select * from t as a where a.k = 1
SELECT * FROM t AS A WHERE a.k = 1

-- case: select * from a join select id from b where k = 1 as d on d.id = a.id
SELECT * FROM a JOIN (SELECT id FROM b WHERE k = 1) AS d ON d.id = a.id WHERE d.id = 2 AND a.k = 3

-- case: select * from a lateral select * from b where b.id = a.id and b.k = 1
SELECT * FROM a, LATERAL (SELECT * FROM b WHERE b.id = a.id AND b.k = 1 AND a.k = 2) AS d

-- case: select * from a left join lateral select * from b limit 1 as d on true
SELECT * FROM a LEFT JOIN LATERAL (SELECT * FROM b LIMIT 1) AS d ON TRUE

-- case: select * from docs json_table docs.j * columns x int path .x nested
SELECT * FROM docs, JSON_TABLE(docs.j, '$[*]' COLUMNS (x INT PATH '$.x', NESTED PATH '$.y[*]' COLUMNS (z INT PATH '$.z'))) AS jt WHERE docs.id = 5

-- case: select * from oj a left outer join b on a.id = b.id
SELECT * FROM { OJ a LEFT OUTER JOIN b ON a.id = b.id }

-- case: select a.id from a full join b on a.id = b.id
SELECT a.id FROM a FULL JOIN b ON a.id = b.id

-- case: select * from t partition p0 as x force index for join primary where
SELECT * FROM t PARTITION (p0) AS x FORCE INDEX FOR JOIN (PRIMARY) WHERE x.id = 1

-- case: select * from dual where 1 = 1
SELECT * FROM DUAL WHERE 1 = 1

-- case: select * from t dual
SELECT * FROM t, DUAL
