-- case: select users.id users.age users.name from users where users.id = ?
SELECT `users`.`id`, `users`.`age`, `users`.`name` FROM `users` WHERE `users`.`id` = ? LIMIT 2

-- case: select distinct users.id users.name from users where users.name = ? and
SELECT DISTINCT `users`.`id`, `users`.`name` FROM `users` WHERE `users`.`name` = ? AND `users`.`age` > ? LIMIT ?

-- case: select count distinct users.id from users
SELECT COUNT(DISTINCT `users`.`id`) FROM `users`

-- case: select pets.id pets.owner_id from pets where owner_id in ? ? ?
SELECT `pets`.`id`, `pets`.`owner_id` FROM `pets` WHERE `owner_id` IN (?, ?, ?)

-- case: select groups.id from groups join select user_groups.group_id from
SELECT `groups`.`id` FROM `groups` JOIN (SELECT `user_groups`.`group_id` FROM `user_groups` WHERE `user_groups`.`user_id` = ?) AS `t1` ON `groups`.`id` = `t1`.`group_id`

-- case: select users.id from users where exists select pets.owner_id from pets
SELECT `users`.`id` FROM `users` WHERE EXISTS (SELECT `pets`.`owner_id` FROM `pets` WHERE `users`.`id` = `pets`.`owner_id` AND `pets`.`name` = ?)

-- case: select users.id from users left join select pets.owner_id count * as
SELECT `users`.`id` FROM `users` LEFT JOIN (SELECT `pets`.`owner_id`, COUNT(*) AS `pets_count` FROM `pets` GROUP BY `pets`.`owner_id`) AS `t1` ON `users`.`id` = `t1`.`owner_id` ORDER BY `t1`.`pets_count` DESC

-- case: with src_query as select pets.id pets.owner_id row_number over
WITH `src_query` AS (SELECT `pets`.`id`, `pets`.`owner_id`, (ROW_NUMBER() OVER (PARTITION BY `owner_id` ORDER BY `id`)) AS `row_number` FROM `pets` WHERE `owner_id` IN (?, ?)) SELECT `id` FROM `src_query` AS `pets` WHERE `pets`.`row_number` <= ?

-- case: select users.id from users where json_extract users.url .scheme = ?
SELECT `users`.`id` FROM `users` WHERE JSON_EXTRACT(`users`.`url`, '$.Scheme') = ?

-- case: select users.id from users where users.name = ? for update nowait
SELECT `users`.`id` FROM `users` WHERE `users`.`name` = ? FOR UPDATE NOWAIT

-- case: insert into users age name id values ? ? ?
INSERT INTO `users` (`age`, `name`, `id`) VALUES (?, ?, ?)

-- case: insert into users age name values ? ? ? ?
INSERT INTO `users` (`age`, `name`) VALUES (?, ?), (?, ?)

-- case: insert into users name age values ? ? on duplicate key update name =
INSERT INTO `users` (`name`, `age`) VALUES (?, ?) ON DUPLICATE KEY UPDATE `name` = VALUES(`name`), `id` = LAST_INSERT_ID(`users`.`id`)

-- case: update users set age = coalesce users.age 0 + ? where id = ?
UPDATE `users` SET `age` = COALESCE(`users`.`age`, 0) + ? WHERE `id` = ?

-- case: update pets set owner_id = null where id in ? ? and owner_id = ?
UPDATE `pets` SET `owner_id` = NULL WHERE `id` IN (?, ?) AND `owner_id` = ?

-- case: delete from users where users.id = ?
DELETE FROM `users` WHERE `users`.`id` = ?

-- case: delete from group_users where group_id = ? and user_id in ? ?
DELETE FROM `group_users` WHERE `group_id` = ? AND `user_id` IN (?, ?)

-- case: start transaction
START TRANSACTION

-- case: commit
COMMIT

-- case: show variables like version
SHOW VARIABLES LIKE 'version'
