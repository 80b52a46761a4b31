-- case: select users.* from users where users.id = 1 limit 1
SELECT `users`.* FROM `users` WHERE `users`.`id` = 1 LIMIT 1

-- case: select 1 as one from users where users.email = a@b.c limit 1
SELECT 1 AS one FROM `users` WHERE `users`.`email` = 'a@b.c' LIMIT 1

-- case: select posts.* from posts where posts.user_id in 1 2 3 and
SELECT `posts`.* FROM `posts` WHERE `posts`.`user_id` IN (1, 2, 3) AND `posts`.`deleted_at` IS NULL

-- case: select count * from posts where posts.user_id = 1
SELECT COUNT(*) FROM `posts` WHERE `posts`.`user_id` = 1

-- case: select distinct users.id users.name as alias_0 from users left outer
SELECT DISTINCT `users`.`id`, users.name AS alias_0 FROM `users` LEFT OUTER JOIN `posts` ON `posts`.`user_id` = `users`.`id` WHERE `posts`.`title` = 'x' ORDER BY users.name LIMIT 10

-- case: select users.id as t0_r0 posts.id as t1_r0 from users left outer join
SELECT `users`.`id` AS t0_r0, `posts`.`id` AS t1_r0 FROM `users` LEFT OUTER JOIN `posts` ON `posts`.`user_id` = `users`.`id` WHERE `users`.`id` = 1

-- case: select tags.* from tags inner join taggings on tags.id =
SELECT `tags`.* FROM `tags` INNER JOIN `taggings` ON `tags`.`id` = `taggings`.`tag_id` WHERE `taggings`.`taggable_id` = 5 AND `taggings`.`taggable_type` = 'Post'

-- case: select sum orders.total from orders where orders.created_at between
SELECT SUM(`orders`.`total`) FROM `orders` WHERE `orders`.`created_at` BETWEEN '2024-01-01' AND '2024-02-01'

-- case: select orders.* from orders where created_at > now - interval 1 day
SELECT `orders`.* FROM `orders` WHERE (created_at > NOW() - INTERVAL 1 DAY)

-- case: select accounts.* from accounts where accounts.id = 1 limit 1 for
SELECT `accounts`.* FROM `accounts` WHERE `accounts`.`id` = 1 LIMIT 1 FOR UPDATE

-- case: select users.* from users where users.type in admin owner and
SELECT `users`.* FROM `users` WHERE `users`.`type` IN ('Admin', 'Owner') AND (`users`.`tenant_id` = 3)

-- case: select users.* from users inner join select user_id max id as m from
SELECT users.* FROM `users` INNER JOIN (SELECT user_id, MAX(id) AS m FROM logins GROUP BY user_id) l ON l.user_id = users.id

-- case: insert into users name created_at values x 2024 - 01 - 01 00 00
INSERT INTO `users` (`name`, `created_at`) VALUES ('x', '2024-01-01 00:00:00.000000')

-- case: insert into users email name values a b c d on duplicate key update
INSERT INTO `users` (`email`,`name`) VALUES ('a', 'b'), ('c', 'd') ON DUPLICATE KEY UPDATE `name`=VALUES(`name`)

-- case: insert ignore into users email values a
INSERT IGNORE INTO `users` (`email`) VALUES ('a')

-- case: update users set users.name = y where users.id = 1
UPDATE `users` SET `users`.`name` = 'y' WHERE `users`.`id` = 1

-- case: update posts set posts.comments_count = coalesce posts.comments_count 0
UPDATE `posts` SET `posts`.`comments_count` = COALESCE(`posts`.`comments_count`, 0) + 1 WHERE `posts`.`id` = 9

-- case: update posts inner join users on users.id = posts.user_id set
UPDATE `posts` INNER JOIN `users` ON `users`.`id` = `posts`.`user_id` SET `posts`.`hidden` = 1 WHERE `users`.`banned` = 1

-- case: delete from users where users.id = 1
DELETE FROM `users` WHERE `users`.`id` = 1

-- case: delete from posts where posts.id in select id from select posts.id from
DELETE FROM `posts` WHERE (`posts`.`id`) IN (SELECT `id` FROM (SELECT `posts`.`id` FROM `posts` INNER JOIN `users` ON `users`.`id` = `posts`.`user_id`) AS __active_record_temp)

-- case: select get_lock migrations 0
SELECT GET_LOCK('migrations', 0)

-- case: select release_lock migrations
SELECT RELEASE_LOCK('migrations')

-- case: show full fields from users
SHOW FULL FIELDS FROM `users`

-- case: set @@session.sql_mode = concat @@sql_mode strict_all_tables
SET @@SESSION.sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), @@SESSION.sql_auto_is_null = 0, @@SESSION.wait_timeout = 2147483

-- case: savepoint active_record_1
SAVEPOINT active_record_1

-- case: release savepoint active_record_1
RELEASE SAVEPOINT active_record_1
