SELECT `users`.* FROM `users` WHERE `users`.`id` = 1 LIMIT 1
--> read: cacheable
--> reads: users{id=1}

SELECT 1 AS one FROM `users` WHERE `users`.`email` = 'a@b.c' LIMIT 1
--> read: cacheable
--> reads: users{email='a@b.c'}

SELECT `posts`.* FROM `posts` WHERE `posts`.`user_id` IN (1, 2, 3) AND `posts`.`deleted_at` IS NULL
--> read: cacheable
--> reads: posts{user_id=1|2|3}

SELECT COUNT(*) FROM `posts` WHERE `posts`.`user_id` = 1
--> read: cacheable
--> reads: posts{user_id=1}

SELECT DISTINCT `users`.`id`, users.name AS alias_0 FROM `users` LEFT OUTER JOIN `posts` ON `posts`.`user_id` = `users`.`id` WHERE `posts`.`title` = 'x' ORDER BY users.name LIMIT 10
--> read: cacheable
--> reads: users, posts{title='x'}

SELECT `users`.`id` AS t0_r0, `posts`.`id` AS t1_r0 FROM `users` LEFT OUTER JOIN `posts` ON `posts`.`user_id` = `users`.`id` WHERE `users`.`id` = 1
--> read: cacheable
--> reads: users{id=1}, posts

SELECT `tags`.* FROM `tags` INNER JOIN `taggings` ON `tags`.`id` = `taggings`.`tag_id` WHERE `taggings`.`taggable_id` = 5 AND `taggings`.`taggable_type` = 'Post'
--> read: cacheable
--> reads: tags, taggings{taggable_id=5 taggable_type='Post'}

SELECT SUM(`orders`.`total`) FROM `orders` WHERE `orders`.`created_at` BETWEEN '2024-01-01' AND '2024-02-01'
--> read: cacheable
--> reads: orders

SELECT `orders`.* FROM `orders` WHERE (created_at > NOW() - INTERVAL 1 DAY)
--> read: time_function now
--> reads: orders

SELECT `accounts`.* FROM `accounts` WHERE `accounts`.`id` = 1 LIMIT 1 FOR UPDATE
--> read: locking_read
--> reads: accounts{id=1}

SELECT `users`.* FROM `users` WHERE `users`.`type` IN ('Admin', 'Owner') AND (`users`.`tenant_id` = 3)
--> read: cacheable
--> reads: users{type='Admin'|'Owner' tenant_id=3}

SELECT users.* FROM `users` INNER JOIN (SELECT user_id, MAX(id) AS m FROM logins GROUP BY user_id) l ON l.user_id = users.id
--> read: cacheable
--> reads: logins, users

INSERT INTO `users` (`name`, `created_at`) VALUES ('x', '2024-01-01 00:00:00.000000')
--> write: write
--> writes: insert users{name='x' created_at='2024-01-01 00:00:00.000000'}

INSERT INTO `users` (`email`,`name`) VALUES ('a', 'b'), ('c', 'd') ON DUPLICATE KEY UPDATE `name`=VALUES(`name`)
--> write: write
--> writes: users

INSERT IGNORE INTO `users` (`email`) VALUES ('a')
--> write: write
--> writes: users

UPDATE `users` SET `users`.`name` = 'y' WHERE `users`.`id` = 1
--> write: write
--> writes: update users{id=1} sets name

UPDATE `posts` SET `posts`.`comments_count` = COALESCE(`posts`.`comments_count`, 0) + 1 WHERE `posts`.`id` = 9
--> write: write
--> writes: update posts{id=9} sets comments_count

UPDATE `posts` INNER JOIN `users` ON `users`.`id` = `posts`.`user_id` SET `posts`.`hidden` = 1 WHERE `users`.`banned` = 1
--> write: write
--> reads: users{banned=1}
--> writes: update posts sets hidden

DELETE FROM `users` WHERE `users`.`id` = 1
--> write: write
--> writes: delete users{id=1}

DELETE FROM `posts` WHERE (`posts`.`id`) IN (SELECT `id` FROM (SELECT `posts`.`id` FROM `posts` INNER JOIN `users` ON `users`.`id` = `posts`.`user_id`) AS __active_record_temp)
--> write: write
--> reads: posts, users
--> writes: delete posts

SELECT GET_LOCK('migrations', 0)
--> read: volatile_function get_lock

SELECT RELEASE_LOCK('migrations')
--> read: volatile_function release_lock

SHOW FULL FIELDS FROM `users`
--> other: utility show

SET @@SESSION.sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), @@SESSION.sql_auto_is_null = 0, @@SESSION.wait_timeout = 2147483
--> session: session_statement set
--> session: sql_mode, sql_auto_is_null, wait_timeout

SAVEPOINT active_record_1
--> tx: transaction_control
--> session: savepoint

RELEASE SAVEPOINT active_record_1
--> tx: transaction_control
--> session: savepoint

