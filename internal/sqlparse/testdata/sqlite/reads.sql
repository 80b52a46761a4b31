-- case: by rowid
SELECT * FROM users WHERE rowid = ?
-- case: names fold
SELECT ID FROM Users WHERE Id = 1
-- case: brackets
SELECT * FROM [my users] WHERE [my users].id = ?1
-- case: backticks
SELECT * FROM `users`
-- case: double quotes
SELECT * FROM "users" WHERE "id" = 5
-- case: single quoted name
SELECT * FROM 'users'
-- case: database qualified
SELECT * FROM main.users WHERE main.users.id = 1
-- case: attached
SELECT * FROM aux.users
-- case: temp
SELECT * FROM temp.users
-- case: parameters in order
SELECT * FROM t WHERE a = ? AND b = ?
-- case: named parameters
SELECT * FROM t WHERE a = :x AND b = @y AND c = $z AND d = :x
-- case: numbered parameters
SELECT * FROM t WHERE a = ?2 AND b = ? AND c = ?1
-- case: parameter before the where
SELECT ?, x FROM t WHERE a = ?
-- case: in list
SELECT * FROM t WHERE id IN (?, ?, 3)
-- case: not in
SELECT * FROM t WHERE id NOT IN (1, 2)
-- case: in table
SELECT * FROM t WHERE id IN other
-- case: in cte
WITH c(id) AS (SELECT 1) SELECT * FROM t WHERE id IN c
-- case: in table function
SELECT * FROM t WHERE id IN json_each('[1]')
-- case: in select
SELECT * FROM t WHERE id IN (SELECT tid FROM s WHERE x = 1)
-- case: cte
WITH x AS (SELECT * FROM orders) SELECT * FROM x
-- case: recursive cte
WITH RECURSIVE c(n) AS (SELECT id FROM roots UNION ALL SELECT n + 1 FROM c) SELECT * FROM c
-- case: later cte is seen
WITH a AS (SELECT * FROM b), b AS (SELECT * FROM c) SELECT * FROM a
-- case: cte qualified is a table
WITH x AS (SELECT 1) SELECT * FROM main.x
-- case: joins
SELECT * FROM a JOIN b ON b.aid = a.id AND b.x = 1 LEFT JOIN c ON c.bid = b.id AND c.y = 2 AND a.z = 3
-- case: right join
SELECT * FROM a RIGHT JOIN b ON a.x = 1 AND b.y = 2
-- case: full join
SELECT * FROM a FULL OUTER JOIN b ON a.x = 1 AND b.y = 2
-- case: natural join
SELECT * FROM a NATURAL JOIN b
-- case: comma join
SELECT * FROM a, b WHERE a.id = ? AND b.aid = a.id
-- case: parenthesised join
SELECT * FROM a LEFT JOIN (b JOIN c ON b.id = c.bid) ON a.id = b.aid WHERE b.x = 1
-- case: subquery
SELECT * FROM (SELECT * FROM a WHERE id = 1) s, b
-- case: exists
SELECT * FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.aid = a.id AND b.k = 'x')
-- case: union
SELECT * FROM a UNION SELECT * FROM b ORDER BY 1 LIMIT (SELECT n FROM c)
-- case: values
VALUES (1), (2)
-- case: no table
SELECT 1
-- case: window
SELECT sum(x) OVER (PARTITION BY (SELECT y FROM s)) FROM t
-- case: json each
SELECT * FROM docs, json_each(docs.body)
-- case: generate series
SELECT * FROM generate_series(1, 5)
-- case: or
SELECT * FROM t WHERE a = 1 OR b = 2
-- case: double equals
SELECT * FROM t WHERE a == 1
-- case: is
SELECT * FROM t WHERE a IS 1
-- case: cast
SELECT * FROM t WHERE a = CAST(? AS INTEGER)
-- case: negative
SELECT * FROM t WHERE a = -5
-- case: real
SELECT * FROM t WHERE a = 5.0
-- case: hex
SELECT * FROM t WHERE a = 0x10
-- case: blob
SELECT * FROM t WHERE a = x'ff'
-- case: glob and match
SELECT * FROM t WHERE a GLOB 'x*' AND b MATCH 'y'
-- case: indexed by
SELECT * FROM t INDEXED BY i WHERE a = 1
-- case: gorm
SELECT * FROM `users` WHERE `users`.`id` = 1 AND `users`.`deleted_at` IS NULL ORDER BY `users`.`id` LIMIT 1
