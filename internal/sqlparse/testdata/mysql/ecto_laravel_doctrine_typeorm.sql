-- case: select p0.id p0.title from posts as p0 where p0.id = ? limit 1
SELECT p0.`id`, p0.`title` FROM `posts` AS p0 WHERE (p0.`id` = ?) LIMIT 1

-- case: select c0.id c0.post_id from comments as c0 where c0.post_id in ? ?
SELECT c0.`id`, c0.`post_id` FROM `comments` AS c0 WHERE (c0.`post_id` IN (?,?)) ORDER BY c0.`post_id`

-- case: select count * from select sp0.id as id from posts as sp0 limit 10 as
SELECT count(*) FROM (SELECT sp0.`id` AS `id` FROM `posts` AS sp0 LIMIT 10) AS s0

-- case: select s0.n from posts as p0 inner join lateral select count * as n
SELECT s0.`n` FROM `posts` AS p0 INNER JOIN LATERAL (SELECT count(*) AS n FROM `comments` AS c0 WHERE c0.post_id = p0.id) AS s0 ON TRUE

-- case: update posts as p0 set p0.views = p0.views + ? where p0.id = ?
UPDATE `posts` AS p0 SET p0.`views` = p0.`views` + ? WHERE (p0.`id` = ?)

-- case: update posts as p0 users as u1 set p0.x = ? where u1.id = p0.user_id
UPDATE `posts` AS p0, `users` AS u1 SET p0.`x` = ? WHERE (u1.`id` = p0.`user_id`) AND (u1.`id` = ?)

-- case: delete p0.* from posts as p0 where p0.id = ?
DELETE p0.* FROM `posts` AS p0 WHERE (p0.`id` = ?)

-- case: delete p0.* from posts as p0 inner join users as u1 on u1.id =
DELETE p0.* FROM `posts` AS p0 INNER JOIN `users` AS u1 ON u1.`id` = p0.`user_id` WHERE (u1.`gone` = 1)

-- case: insert into posts title values ? on duplicate key update id = id
INSERT INTO `posts` (`title`) VALUES (?) ON DUPLICATE KEY UPDATE `id` = `id`

-- case: select * from users where users.id = ? limit 1
select * from `users` where `users`.`id` = ? limit 1

-- case: select * from users where email = ? and users.deleted_at is null limit
select * from `users` where `email` = ? and `users`.`deleted_at` is null limit 1

-- case: select roles.* role_user.user_id as pivot_user_id from roles inner join
select `roles`.*, `role_user`.`user_id` as `pivot_user_id` from `roles` inner join `role_user` on `roles`.`id` = `role_user`.`role_id` where `role_user`.`user_id` in (1, 2)

-- case: select exists select * from users where email = ? as exists
select exists(select * from `users` where `email` = ?) as `exists`

-- case: select * from posts where exists select * from comments where posts.id
select * from `posts` where exists (select * from `comments` where `posts`.`id` = `comments`.`post_id` and `approved` = ?)

-- case: select count * as aggregate from users where a = ? or b = ?
select count(*) as aggregate from `users` where (`a` = ? or `b` = ?)

-- case: select * from jobs where queue = ? and reserved_at is null and
select * from `jobs` where `queue` = ? and ((`reserved_at` is null and `available_at` <= ?) or (`reserved_at` <= ?)) order by `id` asc limit 1 FOR UPDATE SKIP LOCKED

-- case: select * from events where date created_at = ? and json_unquote
select * from `events` where date(`created_at`) = ? and json_unquote(json_extract(`meta`, '$."kind"')) = ?

-- case: select * from users order by rand
select * from `users` order by RAND()

-- case: insert into users name updated_at values ? ?
insert into `users` (`name`, `updated_at`) values (?, ?)

-- case: insert ignore into tags name values ? ?
insert ignore into `tags` (`name`) values (?), (?)

-- case: update users set name = ? users.updated_at = ? where id = ?
update `users` set `name` = ?, `users`.`updated_at` = ? where `id` = ?

-- case: update posts inner join users on posts.user_id = users.id set posts.x =
update `posts` inner join `users` on `posts`.`user_id` = `users`.`id` set `posts`.`x` = ? where `users`.`id` = ?

-- case: delete from sessions where last_activity <= ?
delete from `sessions` where `last_activity` <= ?

-- case: delete posts from posts inner join users on users.id = posts.user_id
delete `posts` from `posts` inner join `users` on `users`.`id` = `posts`.`user_id` where `users`.`id` = ?

-- case: truncate table users
truncate table `users`

-- case: select t0.id as id_1 t0.name as name_2 from users t0 where t0.id = ?
SELECT t0.id AS id_1, t0.name AS name_2 FROM users t0 WHERE t0.id = ?

-- case: select distinct u0_.id as id_0 from users u0_ left join groups g1_ on
SELECT DISTINCT u0_.id AS id_0 FROM users u0_ LEFT JOIN groups g1_ ON (g1_.owner_id = u0_.id) AND (g1_.kind = ?) WHERE u0_.tenant_id = ? AND g1_.name = ?

-- case: select dctrn_count from select count * as dctrn_count from select
SELECT dctrn_count FROM (SELECT COUNT(*) AS dctrn_count FROM (SELECT DISTINCT id_0 FROM (SELECT u0_.id AS id_0 FROM users u0_) dctrn_result) dctrn_table) x

-- case: insert into users id name values ? ?
INSERT INTO users (id, name) VALUES (?, ?)

-- case: select user.id as user_id from user user left join photo photos on
SELECT `User`.`id` AS `User_id` FROM `user` `User` LEFT JOIN `photo` `photos` ON `photos`.`userId`=`User`.`id` WHERE ((`User`.`id` = ?)) LIMIT 1

-- case: select distinct distinctalias.user_id as ids_user_id from select
SELECT DISTINCT `distinctAlias`.`User_id` AS `ids_User_id` FROM (SELECT `User`.`id` AS `User_id` FROM `user` `User` WHERE `User`.`id` = ?) `distinctAlias` ORDER BY `User_id` ASC LIMIT 1

-- case: insert into user id name values default ?
INSERT INTO `user`(`id`, `name`) VALUES (DEFAULT, ?)

-- case: update user set name = ? where id in ?
UPDATE `user` SET `name` = ? WHERE `id` IN (?)
