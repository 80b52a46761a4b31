-- case: select * from users order by users.id limit 1
SELECT * FROM `users` ORDER BY `users`.`id` LIMIT 1

-- case: select * from users where users.id = ? and users.deleted_at is null
SELECT * FROM `users` WHERE `users`.`id` = ? AND `users`.`deleted_at` IS NULL ORDER BY `users`.`id` LIMIT ?

-- case: select * from users where users.id = 10
SELECT * FROM `users` WHERE `users`.`id` = 10

-- case: select * from users where users.id in ? ? ? and users.deleted_at is
SELECT * FROM `users` WHERE `users`.`id` IN (?,?,?) AND `users`.`deleted_at` IS NULL

-- case: select * from orders where orders.user_id = ? and state = ? and
SELECT * FROM `orders` WHERE `orders`.`user_id` = ? AND state = ? AND `orders`.`deleted_at` IS NULL

-- case: select count * from users where name like ?
SELECT count(*) FROM `users` WHERE name LIKE ?

-- case: select users.id users.name company.id as company__id from users left
SELECT `users`.`id`,`users`.`name`,`Company`.`id` AS `Company__id` FROM `users` LEFT JOIN `companies` `Company` ON `users`.`company_id` = `Company`.`id` AND `Company`.`region` = ? WHERE `users`.`id` = ?

-- case: select * from users where amount > select avg amount from orders where
SELECT * FROM `users` WHERE amount > (SELECT AVG(amount) FROM `orders` WHERE state = ?)

-- case: select name sum age as total from users where name like ? group by name
SELECT `name`, sum(age) as total FROM `users` WHERE name LIKE ? GROUP BY `name` HAVING total > ?

-- case: select * from select name age from users as u where age = ?
SELECT * FROM (SELECT `name`,`age` FROM `users`) as u WHERE age = ?

-- case: select * from users where users.name users.age in ? ? ? ?
SELECT * FROM `users` WHERE (`users`.`name`,`users`.`age`) IN ((?,?),(?,?))

-- case: select * from users where not name = ? and age = ?
SELECT * FROM `users` WHERE NOT (name = ? AND age = ?)

-- case: insert into users created_at updated_at deleted_at name age values ? ?
INSERT INTO `users` (`created_at`,`updated_at`,`deleted_at`,`name`,`age`) VALUES (?,?,?,?,?)

-- case: insert into users name age values ? ? ? ? on duplicate key update name
INSERT INTO `users` (`name`,`age`) VALUES (?,?),(?,?) ON DUPLICATE KEY UPDATE `name`=VALUES(`name`),`age`=VALUES(`age`)

-- case: insert into users name values ? on duplicate key update id = id
INSERT INTO `users` (`name`) VALUES (?) ON DUPLICATE KEY UPDATE `id`=`id`

-- case: insert into user_languages user_id language_id values ? ? on duplicate
INSERT INTO `user_languages` (`user_id`,`language_id`) VALUES (?,?) ON DUPLICATE KEY UPDATE `user_id`=`user_id`

-- case: insert into users name values ? returning id
INSERT INTO `users` (`name`) VALUES (?) RETURNING `id`

-- case: update users set name = ? updated_at = ? where users.deleted_at is null
UPDATE `users` SET `name`=?,`updated_at`=? WHERE `users`.`deleted_at` IS NULL AND `id` = ?

-- case: update products set price = price * ? + ? where id = ?
UPDATE `products` SET `price`=price * ? + ? WHERE `id` = ?

-- case: update users set company_name = select name from companies where
UPDATE `users` SET `company_name`=(SELECT `name` FROM `companies` WHERE companies.id = users.company_id)

-- case: update users set deleted_at = ? where users.id in ? ? and
UPDATE `users` SET `deleted_at`=? WHERE `users`.`id` IN (?,?) AND `users`.`deleted_at` IS NULL

-- case: delete from users where users.id = ?
DELETE FROM `users` WHERE `users`.`id` = ?

-- case: delete from user_languages where user_languages.user_id = ? and
DELETE FROM `user_languages` WHERE `user_languages`.`user_id` = ? AND `user_languages`.`language_id` IN (?,?)

-- case: select * from users where users.id = ? for update
SELECT * FROM `users` WHERE `users`.`id` = ? FOR UPDATE

-- case: select database
SELECT DATABASE()

-- case: select schema_name from information_schema.schemata where schema_name
SELECT SCHEMA_NAME from Information_schema.SCHEMATA where SCHEMA_NAME LIKE ? ORDER BY SCHEMA_NAME=? DESC,SCHEMA_NAME limit 1

-- case: select count * from information_schema.tables where table_schema = ?
SELECT count(*) FROM information_schema.tables WHERE table_schema = ? AND table_name = ? AND table_type = ?

-- case: select version
SELECT VERSION()

-- case: savepoint sp0x14000112
SAVEPOINT sp0x14000112

-- case: rollback to savepoint sp0x14000112
ROLLBACK TO SAVEPOINT sp0x14000112
