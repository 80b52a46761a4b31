-- case: inner join on literal
SELECT * FROM a JOIN b ON a.id = b.aid AND b.kind = 'x'
-- case: inner join restricts both sides
SELECT * FROM a JOIN b ON a.x = 1 AND b.y = 2
-- case: left join restricts the right side
SELECT * FROM a LEFT JOIN b ON b.aid = a.id AND b.x = 5
-- case: left join does not restrict the left side
SELECT * FROM a LEFT JOIN b ON a.x = 5 AND b.aid = a.id
-- case: right join restricts the left side
SELECT * FROM a RIGHT JOIN b ON a.x = 5 AND b.y = 6
-- case: full join restricts nothing
SELECT * FROM a FULL JOIN b ON a.x = 5 AND b.y = 6
-- case: where restricts the left side
SELECT * FROM a LEFT JOIN b ON b.aid = a.id WHERE a.x = 5
-- case: where restricts the null supplying side
SELECT * FROM a LEFT JOIN b ON b.aid = a.id WHERE b.x = 5
-- case: where restricts a full join
SELECT * FROM a FULL JOIN b ON b.aid = a.id WHERE b.x = 5
-- case: nested join on the right
SELECT * FROM a LEFT JOIN (b JOIN c ON b.id = c.bid AND c.z = 9) ON a.id = b.aid AND b.x = 5
-- case: chain of left joins
SELECT * FROM a LEFT JOIN b ON b.aid = a.id AND b.x = 1 LEFT JOIN c ON c.bid = b.id AND c.y = 2 AND b.z = 3
-- case: inner after left
SELECT * FROM a LEFT JOIN b ON b.aid = a.id JOIN c ON c.id = a.cid AND b.x = 1
-- case: cross join
SELECT * FROM a CROSS JOIN b WHERE a.id = 1
-- case: natural join
SELECT * FROM a NATURAL JOIN b WHERE id = 1
-- case: using
SELECT * FROM a JOIN b USING (id) WHERE id = 1
-- case: using with qualified where
SELECT * FROM a JOIN b USING (id) WHERE a.id = 1
-- case: comma join
SELECT * FROM a, b WHERE a.id = b.aid AND a.x = $1 AND b.y = $2
-- case: bare column of two tables
SELECT * FROM a, b WHERE x = 1
-- case: self join
SELECT * FROM emp e JOIN emp m ON m.id = e.mid WHERE e.id = $1
-- case: same name twice
SELECT * FROM s1.t, s2.t WHERE t.id = 1
-- case: same name twice qualified
SELECT * FROM s1.t, s2.t WHERE s1.t.id = 1
-- case: join alias hides its tables
SELECT * FROM (a JOIN b ON a.id = b.id) AS j WHERE a.x = 1
-- case: join alias column
SELECT * FROM (a JOIN b ON a.id = b.id AND a.y = 2) AS j WHERE j.x = 1
-- case: join using alias
SELECT * FROM a JOIN b USING (id) AS j WHERE j.id = 1
-- case: lateral subquery
SELECT * FROM users u, LATERAL (SELECT * FROM orders o WHERE o.uid = u.id AND o.state = 1 LIMIT 3) l WHERE u.id = $1
-- case: left join lateral
SELECT * FROM users u LEFT JOIN LATERAL (SELECT * FROM orders o WHERE o.uid = u.id AND u.x = 1) l ON true
-- case: lateral function
SELECT * FROM docs d, LATERAL jsonb_array_elements(d.items) AS e
-- case: function in from
SELECT * FROM docs d, jsonb_each(d.body) WITH ORDINALITY AS t (k, v, i)
-- case: rows from
SELECT * FROM ROWS FROM (generate_series(1, 3), unnest($1::int[])) AS r (a, b), t
-- case: function with a column list
SELECT * FROM jsonb_to_recordset($1) AS x (a int, b text), t
-- case: function with a date column list
SELECT * FROM jsonb_to_recordset($1) AS x (a int, b timestamptz), t
-- case: xmltable
SELECT x.id FROM xdocs, XMLTABLE('/a' PASSING doc COLUMNS id int PATH '@id') AS x
-- case: xmltable with a date
SELECT x.d FROM xdocs, XMLTABLE('/a' PASSING doc COLUMNS d date PATH '@d') AS x
-- case: xmltable over a subquery
SELECT * FROM XMLTABLE('/a' PASSING (SELECT doc FROM xdocs WHERE id = 1) COLUMNS id int) AS x
-- case: json table
SELECT * FROM docs, JSON_TABLE(docs.body, '$[*]' COLUMNS (id int PATH '$.id')) AS j
-- case: tablesample
SELECT * FROM quotes TABLESAMPLE BERNOULLI (10)
-- case: tablesample repeatable
SELECT * FROM quotes TABLESAMPLE SYSTEM (1) REPEATABLE (42)
-- case: subquery in from
SELECT * FROM (SELECT * FROM a WHERE id = $1) s WHERE s.x = 2
-- case: subquery of a join
SELECT * FROM (a JOIN b ON true) WHERE b.id = 1
-- case: five joins
SELECT * FROM a JOIN b ON b.a = a.id JOIN c ON c.b = b.id JOIN d ON d.c = c.id JOIN e ON e.d = d.id JOIN f ON f.e = e.id WHERE a.id = $1
