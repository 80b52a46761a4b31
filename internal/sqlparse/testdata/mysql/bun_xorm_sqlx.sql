SELECT `u`.`id`, `u`.`name` FROM `users` AS `u` WHERE (`u`.`id` = 1)
--> read: cacheable
--> reads: users{id=1}

SELECT `book`.`id`, `author`.`id` AS `author__id` FROM `books` AS `book` LEFT JOIN `authors` AS `author` ON (`author`.`id` = `book`.`author_id`) WHERE (`book`.`id` = 3)
--> read: cacheable
--> reads: books{id=3}, authors

SELECT `item`.`id` FROM `items` AS `item` JOIN `order_to_items` AS `order_to_item` ON (`order_to_item`.`order_id`) IN (1, 2) WHERE (`item`.`id` = `order_to_item`.`item_id`)
--> read: cacheable
--> reads: items, order_to_items{order_id=1|2}

INSERT INTO `users` (`id`, `name`) VALUES (DEFAULT, 'admin')
--> write: write
--> writes: insert users{id=_ name='admin'}

INSERT INTO `users` (`id`, `name`) VALUES (DEFAULT, 'admin') RETURNING `id`
--> write: write
--> writes: insert users{id=_ name='admin'}

WITH `_data` AS (SELECT 1 AS `id`, 'x' AS `title`) UPDATE `books` AS `book`, _data SET `book`.`title` = _data.title WHERE (`book`.`id` = _data.id)
--> write: write
--> writes: update books sets title

UPDATE `books` AS `book` SET `book`.`title` = 'x' WHERE (`book`.`id` = 1)
--> write: write
--> writes: update books{id=1} sets title

DELETE FROM `users` AS `u` WHERE (`u`.`id` = 1)
--> write: write
--> writes: delete users{id=1}

SELECT `id`, `name` FROM `user` WHERE `id`=? LIMIT 1
--> read: cacheable
--> reads: user{id=?1}

SELECT * FROM `user` AS `u` INNER JOIN `detail` AS `d` ON d.user_id = u.id WHERE (u.id=?) AND (d.kind IN (?,?)) LIMIT 10 OFFSET 20
--> read: cacheable
--> reads: user{id=?1}, detail{kind=?2|?3}

INSERT INTO `user` (`name`,`created`) VALUES (?,?)
--> write: write
--> writes: insert user{name=?1 created=?2}

UPDATE `user` SET `version` = `version`+1, `name` = ? WHERE `id`=? AND `version`=?
--> write: write
--> writes: update user{id=?2 version=?3} sets version name

SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA=? AND TABLE_NAME=?
--> read: system_catalog information_schema
--> reads: INFORMATION_SCHEMA.TABLES{TABLE_SCHEMA=?1 TABLE_NAME=?2}

SELECT * FROM place ORDER BY telcode ASC
--> read: cacheable
--> reads: place

SELECT * FROM users WHERE level IN (?, ?, ?)
--> read: cacheable
--> reads: users{level=?1|?2|?3}

INSERT INTO person (first_name, last_name, email) VALUES (?, ?, ?)
--> write: write
--> writes: insert person{first_name=?1 last_name=?2 email=?3}

UPDATE authors SET bio = ? WHERE id = ?
--> write: write
--> writes: update authors{id=?2} sets bio

SELECT a.id, b.title FROM authors a INNER JOIN books b ON a.id = b.author_id WHERE a.id = ? AND b.year > ?
--> read: cacheable
--> reads: authors{id=?1}, books

SELECT u.id, EXISTS(SELECT 1 FROM admins a WHERE a.user_id = u.id) AS is_admin FROM users u WHERE u.tenant_id = ?
--> read: cacheable
--> reads: users{tenant_id=?1}, admins

DELETE FROM authors WHERE id = ?
--> write: write
--> writes: delete authors{id=?1}

INSERT INTO authors (name, bio) VALUES (?, ?)
--> write: write
--> writes: insert authors{name=?1 bio=?2}

-- name: ListAuthors :many
SELECT id, name FROM authors WHERE tenant_id = ? ORDER BY name LIMIT ? OFFSET ?
--> read: cacheable
--> reads: authors{tenant_id=?1}

-- name: UpsertCounter :exec
INSERT INTO counters (k, n) VALUES (?, ?) AS new ON DUPLICATE KEY UPDATE n = counters.n + new.n
--> write: write
--> writes: counters

