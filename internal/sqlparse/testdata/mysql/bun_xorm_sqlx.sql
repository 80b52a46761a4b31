-- case: select u.id u.name from users as u where u.id = 1
SELECT `u`.`id`, `u`.`name` FROM `users` AS `u` WHERE (`u`.`id` = 1)

-- case: select book.id author.id as author__id from books as book left join
SELECT `book`.`id`, `author`.`id` AS `author__id` FROM `books` AS `book` LEFT JOIN `authors` AS `author` ON (`author`.`id` = `book`.`author_id`) WHERE (`book`.`id` = 3)

-- case: select item.id from items as item join order_to_items as order_to_item
SELECT `item`.`id` FROM `items` AS `item` JOIN `order_to_items` AS `order_to_item` ON (`order_to_item`.`order_id`) IN (1, 2) WHERE (`item`.`id` = `order_to_item`.`item_id`)

-- case: insert into users id name values default admin
INSERT INTO `users` (`id`, `name`) VALUES (DEFAULT, 'admin')

-- case: insert into users id name values default admin returning id
INSERT INTO `users` (`id`, `name`) VALUES (DEFAULT, 'admin') RETURNING `id`

-- case: with _data as select 1 as id x as title update books as book _data set
WITH `_data` AS (SELECT 1 AS `id`, 'x' AS `title`) UPDATE `books` AS `book`, _data SET `book`.`title` = _data.title WHERE (`book`.`id` = _data.id)

-- case: update books as book set book.title = x where book.id = 1
UPDATE `books` AS `book` SET `book`.`title` = 'x' WHERE (`book`.`id` = 1)

-- case: delete from users as u where u.id = 1
DELETE FROM `users` AS `u` WHERE (`u`.`id` = 1)

-- case: select id name from user where id = ? limit 1
SELECT `id`, `name` FROM `user` WHERE `id`=? LIMIT 1

-- case: select * from user as u inner join detail as d on d.user_id = u.id
SELECT * FROM `user` AS `u` INNER JOIN `detail` AS `d` ON d.user_id = u.id WHERE (u.id=?) AND (d.kind IN (?,?)) LIMIT 10 OFFSET 20

-- case: insert into user name created values ? ?
INSERT INTO `user` (`name`,`created`) VALUES (?,?)

-- case: update user set version = version + 1 name = ? where id = ? and version
UPDATE `user` SET `version` = `version`+1, `name` = ? WHERE `id`=? AND `version`=?

-- case: select table_name from information_schema.tables where table_schema = ?
SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA=? AND TABLE_NAME=?

-- case: select * from place order by telcode asc
SELECT * FROM place ORDER BY telcode ASC

-- case: select * from users where level in ? ? ?
SELECT * FROM users WHERE level IN (?, ?, ?)

-- case: insert into person first_name last_name email values ? ? ?
INSERT INTO person (first_name, last_name, email) VALUES (?, ?, ?)

-- case: update authors set bio = ? where id = ?
UPDATE authors SET bio = ? WHERE id = ?

-- case: select a.id b.title from authors a inner join books b on a.id =
SELECT a.id, b.title FROM authors a INNER JOIN books b ON a.id = b.author_id WHERE a.id = ? AND b.year > ?

-- case: select u.id exists select 1 from admins a where a.user_id = u.id as
SELECT u.id, EXISTS(SELECT 1 FROM admins a WHERE a.user_id = u.id) AS is_admin FROM users u WHERE u.tenant_id = ?

-- case: delete from authors where id = ?
DELETE FROM authors WHERE id = ?

-- case: insert into authors name bio values ? ?
INSERT INTO authors (name, bio) VALUES (?, ?)

-- case: -- name listauthors many select id name from authors where tenant_id =
-- name: ListAuthors :many
SELECT id, name FROM authors WHERE tenant_id = ? ORDER BY name LIMIT ? OFFSET ?

-- case: -- name upsertcounter exec insert into counters k n values ? ? as new
-- name: UpsertCounter :exec
INSERT INTO counters (k, n) VALUES (?, ?) AS new ON DUPLICATE KEY UPDATE n = counters.n + new.n
