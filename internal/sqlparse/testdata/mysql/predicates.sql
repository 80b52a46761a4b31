-- case: select * from t where id = 1
SELECT * FROM t WHERE id = 1

-- case: select * from t where 1 = id
SELECT * FROM t WHERE 1 = id

-- case: select * from t where id = ?
SELECT * FROM t WHERE (id) = (?)

-- case: select * from t where id = - 1
SELECT * FROM t WHERE id = -1

-- case: select * from t where id = 18446744073709551615
SELECT * FROM t WHERE id = 18446744073709551615

-- case: select * from t where id = 007
SELECT * FROM t WHERE id = 007

-- case: select * from t where id = + 1
SELECT * FROM t WHERE id = +1

-- case: select * from t where id = 1.0
SELECT * FROM t WHERE id = 1.0

-- case: select * from t where id = 1e3
SELECT * FROM t WHERE id = 1e3

-- case: select * from t where id = 0x41
SELECT * FROM t WHERE id = 0x41

-- case: select * from t where id = x 41 or id = b 01
SELECT * FROM t WHERE id = X'41' OR id = b'01'

-- case: select * from t where id = 1, form 2
SELECT * FROM t WHERE id = '1'

-- case: select * from t where name = x
SELECT * FROM t WHERE name = "x"

-- case: select * from t where name = it s
SELECT * FROM t WHERE name = 'it''s'

-- case: select * from t where name = a b
SELECT * FROM t WHERE name = 'a\'b'

-- case: select * from t where name = a b, form 2
SELECT * FROM t WHERE name = 'a' 'b'

-- case: select * from t where name = n x and other = _utf8mb4 y
SELECT * FROM t WHERE name = N'x' AND other = _utf8mb4'y'

-- case: select * from t where name = x collate utf8mb4_bin
SELECT * FROM t WHERE name = 'x' COLLATE utf8mb4_bin

-- case: select * from t where name collate utf8mb4_bin = x
SELECT * FROM t WHERE name COLLATE utf8mb4_bin = 'x'

-- case: select * from t where binary name = x
SELECT * FROM t WHERE BINARY name = 'x'

-- case: select * from t where name = ü n ï c ö d é and id = ?
SELECT * FROM t WHERE name = 'ünïcödé' AND id = ?

-- case: select * from t where id = null
SELECT * FROM t WHERE id = NULL

-- case: select * from t where id <=> 1
SELECT * FROM t WHERE id <=> 1

-- case: select * from t where id is null
SELECT * FROM t WHERE id IS NULL

-- case: select * from t where ok = true
SELECT * FROM t WHERE ok = TRUE

-- case: select * from t where d = date 2024 - 01 - 01
SELECT * FROM t WHERE d = DATE '2024-01-01'

-- case: select * from t where id = 1 and k = 2 and m = 3
SELECT * FROM t WHERE id = 1 AND (k = 2 AND (m = 3))

-- case: select * from t where id = 1 k = 2
SELECT * FROM t WHERE id = 1 && k = 2

-- case: select * from t where id = 1 or k = 2
SELECT * FROM t WHERE id = 1 OR k = 2

-- case: select * from t where id = 1 k = 2, form 2
SELECT * FROM t WHERE id = 1 || k = 2

-- case: select * from t where id = 1 xor k = 2
SELECT * FROM t WHERE id = 1 XOR k = 2

-- case: select * from t where not id = 1
SELECT * FROM t WHERE NOT id = 1

-- case: select * from t where not id <> 1
SELECT * FROM t WHERE NOT (id <> 1)

-- case: select * from t where id = 1 is true
SELECT * FROM t WHERE id = 1 IS TRUE

-- case: select * from t where id = 1 = 1
SELECT * FROM t WHERE (id = 1) = 1

-- case: select * from t where id = 1 = k
SELECT * FROM t WHERE id = 1 = k

-- case: select * from t where id in 1
SELECT * FROM t WHERE id IN (1)

-- case: select * from t where id in 1 ? x
SELECT * FROM t WHERE id IN (1, ?, 'x')

-- case: select * from t where id in 1 null
SELECT * FROM t WHERE id IN (1, NULL)

-- case: select * from t where id in 1 k
SELECT * FROM t WHERE id IN (1, k)

-- case: select * from t where id not in 1
SELECT * FROM t WHERE id NOT IN (1)

-- case: select * from t where 1 in id
SELECT * FROM t WHERE 1 IN (id)

-- case: select * from t where id k in 1 2
SELECT * FROM t WHERE (id, k) IN ((1, 2))

-- case: select * from t where id k = 1 2
SELECT * FROM t WHERE (id, k) = (1, 2)

-- case: select * from t where id between 1 and 1
SELECT * FROM t WHERE id BETWEEN 1 AND 1

-- case: select * from t where id >= 1 and id <= 1
SELECT * FROM t WHERE id >= 1 AND id <= 1

-- case: select * from t where id = 1 + 1
SELECT * FROM t WHERE id = 1 + 1

-- case: select * from t where id + 0 = 1
SELECT * FROM t WHERE id + 0 = 1

-- case: select * from t where id = k
SELECT * FROM t WHERE id = k

-- case: select * from t where id = select 1
SELECT * FROM t WHERE id = (SELECT 1)

-- case: select * from t where id = ? and id = ?
SELECT * FROM t WHERE id = ? AND id = ?

-- case: select * from t where id = cast ? as unsigned
SELECT * FROM t WHERE id = CAST(? AS UNSIGNED)

-- case: select * from t having id = 1
SELECT * FROM t HAVING id = 1

-- case: select id from t group by id having id = 1
SELECT id FROM t GROUP BY id HAVING id = 1

-- case: select * from t where id = 1, form 3
SELECT * FROM t WHERE `ID` = 1

-- case: select ? from t where a like ? and id = ? limit ? offset ?
SELECT ? FROM t WHERE a LIKE ? AND id = ? LIMIT ? OFFSET ?

-- case: select * from t where id = 5 -- 1
SELECT * FROM t WHERE id = 5--1

-- case: select * from t where id = 5 -- 1, form 2
SELECT * FROM t WHERE id = 5 -- 1

-- case: select * from t where x -> .id = 1
SELECT * FROM t WHERE x->'$.id' = 1

-- case: select * from t where id = 1 limit 1
SELECT * FROM t WHERE id = 1 LIMIT 1

-- case: select * from t where id = @x
SELECT * FROM t WHERE id = @x

-- case: select * from t where id like 1
SELECT * FROM t WHERE id LIKE 1

-- case: select * from t where id in 1 2
SELECT * FROM t WHERE id IN (1, '2')

-- case: select * from t where id in ? 1 ?
SELECT * FROM t WHERE id IN (?, 1, ?)
