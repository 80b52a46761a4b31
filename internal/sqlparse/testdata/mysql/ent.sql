SELECT `users`.`id`, `users`.`age`, `users`.`name` FROM `users` WHERE `users`.`id` = ? LIMIT 2
--> read: cacheable
--> reads: users{id=?1}

SELECT DISTINCT `users`.`id`, `users`.`name` FROM `users` WHERE `users`.`name` = ? AND `users`.`age` > ? LIMIT ?
--> read: cacheable
--> reads: users{name=?1}

SELECT COUNT(DISTINCT `users`.`id`) FROM `users`
--> read: cacheable
--> reads: users

SELECT `pets`.`id`, `pets`.`owner_id` FROM `pets` WHERE `owner_id` IN (?, ?, ?)
--> read: cacheable
--> reads: pets{owner_id=?1|?2|?3}

SELECT `groups`.`id` FROM `groups` JOIN (SELECT `user_groups`.`group_id` FROM `user_groups` WHERE `user_groups`.`user_id` = ?) AS `t1` ON `groups`.`id` = `t1`.`group_id`
--> read: cacheable
--> reads: user_groups{user_id=?1}, groups

SELECT `users`.`id` FROM `users` WHERE EXISTS (SELECT `pets`.`owner_id` FROM `pets` WHERE `users`.`id` = `pets`.`owner_id` AND `pets`.`name` = ?)
--> read: cacheable
--> reads: users, pets{name=?1}

SELECT `users`.`id` FROM `users` LEFT JOIN (SELECT `pets`.`owner_id`, COUNT(*) AS `pets_count` FROM `pets` GROUP BY `pets`.`owner_id`) AS `t1` ON `users`.`id` = `t1`.`owner_id` ORDER BY `t1`.`pets_count` DESC
--> read: cacheable
--> reads: pets, users

WITH `src_query` AS (SELECT `pets`.`id`, `pets`.`owner_id`, (ROW_NUMBER() OVER (PARTITION BY `owner_id` ORDER BY `id`)) AS `row_number` FROM `pets` WHERE `owner_id` IN (?, ?)) SELECT `id` FROM `src_query` AS `pets` WHERE `pets`.`row_number` <= ?
--> read: cacheable
--> reads: pets{owner_id=?1|?2}

SELECT `users`.`id` FROM `users` WHERE JSON_EXTRACT(`users`.`url`, '$.Scheme') = ?
--> read: cacheable
--> reads: users

SELECT `users`.`id` FROM `users` WHERE `users`.`name` = ? FOR UPDATE NOWAIT
--> read: locking_read
--> reads: users{name=?1}

INSERT INTO `users` (`age`, `name`, `id`) VALUES (?, ?, ?)
--> write: write
--> writes: insert users{age=?1 name=?2 id=?3}

INSERT INTO `users` (`age`, `name`) VALUES (?, ?), (?, ?)
--> write: write
--> writes: insert users{age=?1|?3 name=?2|?4}

INSERT INTO `users` (`name`, `age`) VALUES (?, ?) ON DUPLICATE KEY UPDATE `name` = VALUES(`name`), `id` = LAST_INSERT_ID(`users`.`id`)
--> write: write
--> writes: users

UPDATE `users` SET `age` = COALESCE(`users`.`age`, 0) + ? WHERE `id` = ?
--> write: write
--> writes: update users{id=?2} sets age

UPDATE `pets` SET `owner_id` = NULL WHERE `id` IN (?, ?) AND `owner_id` = ?
--> write: write
--> writes: update pets{id=?1|?2 owner_id=?3} sets owner_id

DELETE FROM `users` WHERE `users`.`id` = ?
--> write: write
--> writes: delete users{id=?1}

DELETE FROM `group_users` WHERE `group_id` = ? AND `user_id` IN (?, ?)
--> write: write
--> writes: delete group_users{group_id=?1 user_id=?2|?3}

START TRANSACTION
--> tx: transaction_control
--> session: begin, implicit commit

COMMIT
--> tx: transaction_control
--> session: commit

SHOW VARIABLES LIKE 'version'
--> other: utility show

