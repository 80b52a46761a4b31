SELECT * FROM `users` ORDER BY `users`.`id` LIMIT 1
--> read: cacheable
--> reads: users

SELECT * FROM `users` WHERE `users`.`id` = ? AND `users`.`deleted_at` IS NULL ORDER BY `users`.`id` LIMIT ?
--> read: cacheable
--> reads: users{id=?1}

SELECT * FROM `users` WHERE `users`.`id` = 10
--> read: cacheable
--> reads: users{id=10}

SELECT * FROM `users` WHERE `users`.`id` IN (?,?,?) AND `users`.`deleted_at` IS NULL
--> read: cacheable
--> reads: users{id=?1|?2|?3}

SELECT * FROM `orders` WHERE `orders`.`user_id` = ? AND state = ? AND `orders`.`deleted_at` IS NULL
--> read: cacheable
--> reads: orders{user_id=?1 state=?2}

SELECT count(*) FROM `users` WHERE name LIKE ?
--> read: cacheable
--> reads: users

SELECT `users`.`id`,`users`.`name`,`Company`.`id` AS `Company__id` FROM `users` LEFT JOIN `companies` `Company` ON `users`.`company_id` = `Company`.`id` AND `Company`.`region` = ? WHERE `users`.`id` = ?
--> read: cacheable
--> reads: users{id=?2}, companies{region=?1}

SELECT * FROM `users` WHERE amount > (SELECT AVG(amount) FROM `orders` WHERE state = ?)
--> read: cacheable
--> reads: users, orders{state=?1}

SELECT `name`, sum(age) as total FROM `users` WHERE name LIKE ? GROUP BY `name` HAVING total > ?
--> read: cacheable
--> reads: users

SELECT * FROM (SELECT `name`,`age` FROM `users`) as u WHERE age = ?
--> read: cacheable
--> reads: users

SELECT * FROM `users` WHERE (`users`.`name`,`users`.`age`) IN ((?,?),(?,?))
--> read: cacheable
--> reads: users

SELECT * FROM `users` WHERE NOT (name = ? AND age = ?)
--> read: cacheable
--> reads: users

INSERT INTO `users` (`created_at`,`updated_at`,`deleted_at`,`name`,`age`) VALUES (?,?,?,?,?)
--> write: write
--> writes: insert users{created_at=?1 updated_at=?2 deleted_at=?3 name=?4 age=?5}

INSERT INTO `users` (`name`,`age`) VALUES (?,?),(?,?) ON DUPLICATE KEY UPDATE `name`=VALUES(`name`),`age`=VALUES(`age`)
--> write: write
--> writes: users

INSERT INTO `users` (`name`) VALUES (?) ON DUPLICATE KEY UPDATE `id`=`id`
--> write: write
--> writes: users

INSERT INTO `user_languages` (`user_id`,`language_id`) VALUES (?,?) ON DUPLICATE KEY UPDATE `user_id`=`user_id`
--> write: write
--> writes: user_languages

INSERT INTO `users` (`name`) VALUES (?) RETURNING `id`
--> write: write
--> writes: insert users{name=?1}

UPDATE `users` SET `name`=?,`updated_at`=? WHERE `users`.`deleted_at` IS NULL AND `id` = ?
--> write: write
--> writes: update users{id=?3} sets name updated_at

UPDATE `products` SET `price`=price * ? + ? WHERE `id` = ?
--> write: write
--> writes: update products{id=?3} sets price

UPDATE `users` SET `company_name`=(SELECT `name` FROM `companies` WHERE companies.id = users.company_id)
--> write: write
--> reads: companies
--> writes: update users sets company_name

UPDATE `users` SET `deleted_at`=? WHERE `users`.`id` IN (?,?) AND `users`.`deleted_at` IS NULL
--> write: write
--> writes: update users{id=?2|?3} sets deleted_at

DELETE FROM `users` WHERE `users`.`id` = ?
--> write: write
--> writes: delete users{id=?1}

DELETE FROM `user_languages` WHERE `user_languages`.`user_id` = ? AND `user_languages`.`language_id` IN (?,?)
--> write: write
--> writes: delete user_languages{user_id=?1 language_id=?2|?3}

SELECT * FROM `users` WHERE `users`.`id` = ? FOR UPDATE
--> read: locking_read
--> reads: users{id=?1}

SELECT DATABASE()
--> read: session_function database

SELECT SCHEMA_NAME from Information_schema.SCHEMATA where SCHEMA_NAME LIKE ? ORDER BY SCHEMA_NAME=? DESC,SCHEMA_NAME limit 1
--> read: system_catalog information_schema
--> reads: Information_schema.SCHEMATA

SELECT count(*) FROM information_schema.tables WHERE table_schema = ? AND table_name = ? AND table_type = ?
--> read: system_catalog information_schema
--> reads: information_schema.tables{table_schema=?1 table_name=?2 table_type=?3}

SELECT VERSION()
--> read: session_function version

SAVEPOINT sp0x14000112
--> tx: transaction_control
--> session: savepoint

ROLLBACK TO SAVEPOINT sp0x14000112
--> tx: transaction_control
--> session: savepoint

