SELECT * FROM t WHERE id = 1
--> read: cacheable
--> reads: t{id=1}

SELECT * FROM t WHERE 1 = id
--> read: cacheable
--> reads: t{id=1}

SELECT * FROM t WHERE (id) = (?)
--> read: cacheable
--> reads: t{id=?1}

SELECT * FROM t WHERE id = -1
--> read: cacheable
--> reads: t{id=-1}

SELECT * FROM t WHERE id = 18446744073709551615
--> read: cacheable
--> reads: t{id=18446744073709551615}

SELECT * FROM t WHERE id = 007
--> read: cacheable
--> reads: t{id=7}

SELECT * FROM t WHERE id = +1
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id = 1.0
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id = 1e3
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id = 0x41
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id = X'41' OR id = b'01'
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id = '1'
--> read: cacheable
--> reads: t{id='1'}

SELECT * FROM t WHERE name = "x"
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE name = 'it''s'
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE name = 'a\'b'
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE name = 'a' 'b'
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE name = N'x' AND other = _utf8mb4'y'
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE name = 'x' COLLATE utf8mb4_bin
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE name COLLATE utf8mb4_bin = 'x'
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE BINARY name = 'x'
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE name = 'ünïcödé' AND id = ?
--> read: cacheable
--> reads: t{name='ünïcödé' id=?1}

SELECT * FROM t WHERE id = NULL
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id <=> 1
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id IS NULL
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE ok = TRUE
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE d = DATE '2024-01-01'
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id = 1 AND (k = 2 AND (m = 3))
--> read: cacheable
--> reads: t{id=1 k=2 m=3}

SELECT * FROM t WHERE id = 1 && k = 2
--> read: cacheable
--> reads: t{id=1 k=2}

SELECT * FROM t WHERE id = 1 OR k = 2
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id = 1 || k = 2
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id = 1 XOR k = 2
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE NOT id = 1
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE NOT (id <> 1)
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id = 1 IS TRUE
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE (id = 1) = 1
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id = 1 = k
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id IN (1)
--> read: cacheable
--> reads: t{id=1}

SELECT * FROM t WHERE id IN (1, ?, 'x')
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id IN (1, NULL)
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id IN (1, k)
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id NOT IN (1)
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE 1 IN (id)
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE (id, k) IN ((1, 2))
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE (id, k) = (1, 2)
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id BETWEEN 1 AND 1
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id >= 1 AND id <= 1
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id = 1 + 1
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id + 0 = 1
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id = k
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id = (SELECT 1)
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id = ? AND id = ?
--> read: cacheable
--> reads: t{id=?1 id=?2}

SELECT * FROM t WHERE id = CAST(? AS UNSIGNED)
--> read: cacheable
--> reads: t

SELECT * FROM t HAVING id = 1
--> read: cacheable
--> reads: t

SELECT id FROM t GROUP BY id HAVING id = 1
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE `ID` = 1
--> read: cacheable
--> reads: t{ID=1}

SELECT ? FROM t WHERE a LIKE ? AND id = ? LIMIT ? OFFSET ?
--> read: cacheable
--> reads: t{id=?3}

SELECT * FROM t WHERE id = 5--1
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id = 5 -- 1
--> read: cacheable
--> reads: t{id=5}

SELECT * FROM t WHERE x->'$.id' = 1
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id = 1 LIMIT 1
--> read: cacheable
--> reads: t{id=1}

SELECT * FROM t WHERE id = @x
--> read: user_variable @x
--> reads: t

SELECT * FROM t WHERE id LIKE 1
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id IN (1, '2')
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE id IN (?, 1, ?)
--> read: cacheable
--> reads: t{id=?1|1|?2}

