SELECT `auth_user`.`id`, `auth_user`.`username` FROM `auth_user` WHERE `auth_user`.`id` = 1 LIMIT 21
--> read: cacheable
--> reads: auth_user{id=1}

SELECT COUNT(*) AS `__count` FROM `blog_post` WHERE `blog_post`.`published`
--> read: cacheable
--> reads: blog_post

SELECT 1 AS `a` FROM `blog_post` WHERE `blog_post`.`slug` = 'x' LIMIT 1
--> read: cacheable
--> reads: blog_post{slug='x'}

SELECT `blog_post`.`id` FROM `blog_post` INNER JOIN `blog_author` ON (`blog_post`.`author_id` = `blog_author`.`id`) WHERE `blog_author`.`name` = 'Ann' ORDER BY `blog_post`.`created` DESC
--> read: cacheable
--> reads: blog_post, blog_author{name='Ann'}

SELECT `blog_post`.`id` FROM `blog_post` LEFT OUTER JOIN `blog_tag` ON (`blog_post`.`tag_id` = `blog_tag`.`id`) WHERE (`blog_tag`.`name` = 'go' OR `blog_post`.`pinned`)
--> read: cacheable
--> reads: blog_post, blog_tag

SELECT `t`.`id` FROM `app_task` `t` WHERE `t`.`user_id` IN (SELECT U0.`id` FROM `auth_user` U0 WHERE U0.`is_active`)
--> read: cacheable
--> reads: app_task, auth_user

SELECT `blog_post`.`id` FROM `blog_post` WHERE EXISTS(SELECT 1 AS `a` FROM `blog_comment` U0 WHERE (U0.`post_id` = (`blog_post`.`id`) AND U0.`spam` = 0) LIMIT 1)
--> read: cacheable
--> reads: blog_post, blog_comment{spam=0}

SELECT `blog_post`.`id`, (SELECT COUNT(U0.`id`) FROM `blog_comment` U0 WHERE U0.`post_id` = `blog_post`.`id`) AS `n` FROM `blog_post` WHERE `blog_post`.`author_id` = 7
--> read: cacheable
--> reads: blog_post{author_id=7}, blog_comment

SELECT YEAR(`blog_post`.`created`) AS `y`, COUNT(*) FROM `blog_post` GROUP BY YEAR(`blog_post`.`created`) ORDER BY NULL
--> read: cacheable
--> reads: blog_post

SELECT DATE(CONVERT_TZ(`blog_post`.`created`, 'UTC', 'Europe/Berlin')) FROM `blog_post`
--> read: cacheable
--> reads: blog_post

SELECT CAST(DATE_FORMAT(`blog_post`.`created`, '%Y-%m-01') AS DATE) FROM `blog_post`
--> read: cacheable
--> reads: blog_post

SELECT `app_item`.`id` FROM `app_item` WHERE JSON_EXTRACT(`app_item`.`data`, '$."a"') = JSON_EXTRACT('1', '$')
--> read: cacheable
--> reads: app_item

SELECT `app_item`.`id` FROM `app_item` WHERE `app_item`.`name` LIKE BINARY '%x%'
--> read: cacheable
--> reads: app_item

SELECT `app_item`.`id` FROM `app_item` WHERE REGEXP_LIKE(`app_item`.`name`, 'x', 'c')
--> read: cacheable
--> reads: app_item

SELECT `app_item`.`id` FROM `app_item` WHERE `app_item`.`name` REGEXP BINARY 'x'
--> read: cacheable
--> reads: app_item

SELECT `app_item`.`id` FROM `app_item` ORDER BY RAND() ASC LIMIT 1
--> read: volatile_function rand
--> reads: app_item

SELECT `django_session`.`session_key` FROM `django_session` WHERE (`django_session`.`expire_date` > '2024-01-01 10:00:00' AND `django_session`.`session_key` = 'abc') LIMIT 21
--> read: cacheable
--> reads: django_session{session_key='abc'}

SELECT `app_acc`.`id` FROM `app_acc` WHERE `app_acc`.`id` = 1 LIMIT 21 FOR UPDATE SKIP LOCKED
--> read: locking_read
--> reads: app_acc{id=1}

INSERT INTO `blog_post` (`title`, `author_id`) VALUES ('x', 1), ('y', 2)
--> write: write
--> writes: insert blog_post{title='x'|'y' author_id=1|2}

INSERT INTO `blog_post` (`title`, `author_id`) VALUES ('x', 1) RETURNING `blog_post`.`id`
--> write: write
--> writes: insert blog_post{title='x' author_id=1}

INSERT IGNORE INTO `blog_post_tags` (`post_id`, `tag_id`) VALUES (1, 2)
--> write: write
--> writes: blog_post_tags

INSERT INTO `app_item` (`id`, `n`) VALUES (1, 2) AS new ON DUPLICATE KEY UPDATE `n` = `new`.`n`
--> write: write
--> writes: app_item

UPDATE `blog_post` SET `views` = (`blog_post`.`views` + 1) WHERE `blog_post`.`id` = 5
--> write: write
--> writes: update blog_post{id=5} sets views

UPDATE `app_item` SET `rank` = CASE WHEN (`app_item`.`id` = 1) THEN 10 WHEN (`app_item`.`id` = 2) THEN 20 ELSE NULL END WHERE `app_item`.`id` IN (1, 2)
--> write: write
--> writes: update app_item{id=1|2} sets rank

DELETE FROM `blog_comment` WHERE `blog_comment`.`post_id` IN (5)
--> write: write
--> writes: delete blog_comment{post_id=5}

DELETE `blog_comment` FROM `blog_comment` INNER JOIN `blog_post` ON (`blog_comment`.`post_id` = `blog_post`.`id`) WHERE `blog_post`.`spam`
--> write: write
--> reads: blog_post
--> writes: delete blog_comment

SELECT VERSION(), @@sql_mode, @@default_storage_engine, @@sql_auto_is_null, @@lower_case_table_names, CONVERT_TZ('2001-01-01 01:00:00', 'UTC', 'UTC') IS NOT NULL
--> read: session_function version

SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED
--> session: session_statement set
--> session: set transaction, transaction_isolation

SET SQL_AUTO_IS_NULL = 0
--> session: session_statement set
--> session: sql_auto_is_null

SET foreign_key_checks=0
--> session: session_statement set
--> session: foreign_key_checks

