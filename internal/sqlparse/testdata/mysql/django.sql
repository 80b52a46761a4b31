-- case: select auth_user.id auth_user.username from auth_user where
SELECT `auth_user`.`id`, `auth_user`.`username` FROM `auth_user` WHERE `auth_user`.`id` = 1 LIMIT 21

-- case: select count * as __count from blog_post where blog_post.published
SELECT COUNT(*) AS `__count` FROM `blog_post` WHERE `blog_post`.`published`

-- case: select 1 as a from blog_post where blog_post.slug = x limit 1
SELECT 1 AS `a` FROM `blog_post` WHERE `blog_post`.`slug` = 'x' LIMIT 1

-- case: select blog_post.id from blog_post inner join blog_author on
SELECT `blog_post`.`id` FROM `blog_post` INNER JOIN `blog_author` ON (`blog_post`.`author_id` = `blog_author`.`id`) WHERE `blog_author`.`name` = 'Ann' ORDER BY `blog_post`.`created` DESC

-- case: select blog_post.id from blog_post left outer join blog_tag on
SELECT `blog_post`.`id` FROM `blog_post` LEFT OUTER JOIN `blog_tag` ON (`blog_post`.`tag_id` = `blog_tag`.`id`) WHERE (`blog_tag`.`name` = 'go' OR `blog_post`.`pinned`)

-- case: select t.id from app_task t where t.user_id in select u0.id from
SELECT `t`.`id` FROM `app_task` `t` WHERE `t`.`user_id` IN (SELECT U0.`id` FROM `auth_user` U0 WHERE U0.`is_active`)

-- case: select blog_post.id from blog_post where exists select 1 as a from
SELECT `blog_post`.`id` FROM `blog_post` WHERE EXISTS(SELECT 1 AS `a` FROM `blog_comment` U0 WHERE (U0.`post_id` = (`blog_post`.`id`) AND U0.`spam` = 0) LIMIT 1)

-- case: select blog_post.id select count u0.id from blog_comment u0 where
SELECT `blog_post`.`id`, (SELECT COUNT(U0.`id`) FROM `blog_comment` U0 WHERE U0.`post_id` = `blog_post`.`id`) AS `n` FROM `blog_post` WHERE `blog_post`.`author_id` = 7

-- case: select year blog_post.created as y count * from blog_post group by year
SELECT YEAR(`blog_post`.`created`) AS `y`, COUNT(*) FROM `blog_post` GROUP BY YEAR(`blog_post`.`created`) ORDER BY NULL

-- case: select date convert_tz blog_post.created utc europe berlin from
SELECT DATE(CONVERT_TZ(`blog_post`.`created`, 'UTC', 'Europe/Berlin')) FROM `blog_post`

-- case: select cast date_format blog_post.created y - m - 01 as date from
SELECT CAST(DATE_FORMAT(`blog_post`.`created`, '%Y-%m-01') AS DATE) FROM `blog_post`

-- case: select app_item.id from app_item where json_extract app_item.data . a =
SELECT `app_item`.`id` FROM `app_item` WHERE JSON_EXTRACT(`app_item`.`data`, '$."a"') = JSON_EXTRACT('1', '$')

-- case: select app_item.id from app_item where app_item.name like binary x
SELECT `app_item`.`id` FROM `app_item` WHERE `app_item`.`name` LIKE BINARY '%x%'

-- case: select app_item.id from app_item where regexp_like app_item.name x c
SELECT `app_item`.`id` FROM `app_item` WHERE REGEXP_LIKE(`app_item`.`name`, 'x', 'c')

-- case: select app_item.id from app_item where app_item.name regexp binary x
SELECT `app_item`.`id` FROM `app_item` WHERE `app_item`.`name` REGEXP BINARY 'x'

-- case: select app_item.id from app_item order by rand asc limit 1
SELECT `app_item`.`id` FROM `app_item` ORDER BY RAND() ASC LIMIT 1

-- case: select django_session.session_key from django_session where
SELECT `django_session`.`session_key` FROM `django_session` WHERE (`django_session`.`expire_date` > '2024-01-01 10:00:00' AND `django_session`.`session_key` = 'abc') LIMIT 21

-- case: select app_acc.id from app_acc where app_acc.id = 1 limit 21 for update
SELECT `app_acc`.`id` FROM `app_acc` WHERE `app_acc`.`id` = 1 LIMIT 21 FOR UPDATE SKIP LOCKED

-- case: insert into blog_post title author_id values x 1 y 2
INSERT INTO `blog_post` (`title`, `author_id`) VALUES ('x', 1), ('y', 2)

-- case: insert into blog_post title author_id values x 1 returning blog_post.id
INSERT INTO `blog_post` (`title`, `author_id`) VALUES ('x', 1) RETURNING `blog_post`.`id`

-- case: insert ignore into blog_post_tags post_id tag_id values 1 2
INSERT IGNORE INTO `blog_post_tags` (`post_id`, `tag_id`) VALUES (1, 2)

-- case: insert into app_item id n values 1 2 as new on duplicate key update n =
INSERT INTO `app_item` (`id`, `n`) VALUES (1, 2) AS new ON DUPLICATE KEY UPDATE `n` = `new`.`n`

-- case: update blog_post set views = blog_post.views + 1 where blog_post.id = 5
UPDATE `blog_post` SET `views` = (`blog_post`.`views` + 1) WHERE `blog_post`.`id` = 5

-- case: update app_item set rank = case when app_item.id = 1 then 10 when
UPDATE `app_item` SET `rank` = CASE WHEN (`app_item`.`id` = 1) THEN 10 WHEN (`app_item`.`id` = 2) THEN 20 ELSE NULL END WHERE `app_item`.`id` IN (1, 2)

-- case: delete from blog_comment where blog_comment.post_id in 5
DELETE FROM `blog_comment` WHERE `blog_comment`.`post_id` IN (5)

-- case: delete blog_comment from blog_comment inner join blog_post on
DELETE `blog_comment` FROM `blog_comment` INNER JOIN `blog_post` ON (`blog_comment`.`post_id` = `blog_post`.`id`) WHERE `blog_post`.`spam`

-- case: select version @@sql_mode @@default_storage_engine @@sql_auto_is_null
SELECT VERSION(), @@sql_mode, @@default_storage_engine, @@sql_auto_is_null, @@lower_case_table_names, CONVERT_TZ('2001-01-01 01:00:00', 'UTC', 'UTC') IS NOT NULL

-- case: set session transaction isolation level read committed
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED

-- case: set sql_auto_is_null = 0
SET SQL_AUTO_IS_NULL = 0

-- case: set foreign_key_checks = 0
SET foreign_key_checks=0
