SELECT p0.`id`, p0.`title` FROM `posts` AS p0 WHERE (p0.`id` = ?) LIMIT 1
--> read: cacheable
--> reads: posts{id=?1}

SELECT c0.`id`, c0.`post_id` FROM `comments` AS c0 WHERE (c0.`post_id` IN (?,?)) ORDER BY c0.`post_id`
--> read: cacheable
--> reads: comments{post_id=?1|?2}

SELECT count(*) FROM (SELECT sp0.`id` AS `id` FROM `posts` AS sp0 LIMIT 10) AS s0
--> read: cacheable
--> reads: posts

SELECT s0.`n` FROM `posts` AS p0 INNER JOIN LATERAL (SELECT count(*) AS n FROM `comments` AS c0 WHERE c0.post_id = p0.id) AS s0 ON TRUE
--> read: cacheable
--> reads: comments, posts

UPDATE `posts` AS p0 SET p0.`views` = p0.`views` + ? WHERE (p0.`id` = ?)
--> write: write
--> writes: update posts{id=?2} sets views

UPDATE `posts` AS p0, `users` AS u1 SET p0.`x` = ? WHERE (u1.`id` = p0.`user_id`) AND (u1.`id` = ?)
--> write: write
--> reads: users{id=?2}
--> writes: update posts sets x

DELETE p0.* FROM `posts` AS p0 WHERE (p0.`id` = ?)
--> write: write
--> writes: delete posts{id=?1}

DELETE p0.* FROM `posts` AS p0 INNER JOIN `users` AS u1 ON u1.`id` = p0.`user_id` WHERE (u1.`gone` = 1)
--> write: write
--> reads: users{gone=1}
--> writes: delete posts

INSERT INTO `posts` (`title`) VALUES (?) ON DUPLICATE KEY UPDATE `id` = `id`
--> write: write
--> writes: posts

select * from `users` where `users`.`id` = ? limit 1
--> read: cacheable
--> reads: users{id=?1}

select * from `users` where `email` = ? and `users`.`deleted_at` is null limit 1
--> read: cacheable
--> reads: users{email=?1}

select `roles`.*, `role_user`.`user_id` as `pivot_user_id` from `roles` inner join `role_user` on `roles`.`id` = `role_user`.`role_id` where `role_user`.`user_id` in (1, 2)
--> read: cacheable
--> reads: roles, role_user{user_id=1|2}

select exists(select * from `users` where `email` = ?) as `exists`
--> read: cacheable
--> reads: users{email=?1}

select * from `posts` where exists (select * from `comments` where `posts`.`id` = `comments`.`post_id` and `approved` = ?)
--> read: cacheable
--> reads: posts, comments{approved=?1}

select count(*) as aggregate from `users` where (`a` = ? or `b` = ?)
--> read: cacheable
--> reads: users

select * from `jobs` where `queue` = ? and ((`reserved_at` is null and `available_at` <= ?) or (`reserved_at` <= ?)) order by `id` asc limit 1 FOR UPDATE SKIP LOCKED
--> read: locking_read
--> reads: jobs{queue=?1}

select * from `events` where date(`created_at`) = ? and json_unquote(json_extract(`meta`, '$."kind"')) = ?
--> read: cacheable
--> reads: events

select * from `users` order by RAND()
--> read: volatile_function rand
--> reads: users

insert into `users` (`name`, `updated_at`) values (?, ?)
--> write: write
--> writes: insert users{name=?1 updated_at=?2}

insert ignore into `tags` (`name`) values (?), (?)
--> write: write
--> writes: tags

update `users` set `name` = ?, `users`.`updated_at` = ? where `id` = ?
--> write: write
--> writes: update users{id=?3} sets name updated_at

update `posts` inner join `users` on `posts`.`user_id` = `users`.`id` set `posts`.`x` = ? where `users`.`id` = ?
--> write: write
--> reads: users{id=?2}
--> writes: update posts sets x

delete from `sessions` where `last_activity` <= ?
--> write: write
--> writes: delete sessions

delete `posts` from `posts` inner join `users` on `users`.`id` = `posts`.`user_id` where `users`.`id` = ?
--> write: write
--> reads: users{id=?1}
--> writes: delete posts

truncate table `users`
--> write: write
--> writes: users
--> session: implicit commit

SELECT t0.id AS id_1, t0.name AS name_2 FROM users t0 WHERE t0.id = ?
--> read: cacheable
--> reads: users{id=?1}

SELECT DISTINCT u0_.id AS id_0 FROM users u0_ LEFT JOIN groups g1_ ON (g1_.owner_id = u0_.id) AND (g1_.kind = ?) WHERE u0_.tenant_id = ? AND g1_.name = ?
--> unknown: unparsed

SELECT dctrn_count FROM (SELECT COUNT(*) AS dctrn_count FROM (SELECT DISTINCT id_0 FROM (SELECT u0_.id AS id_0 FROM users u0_) dctrn_result) dctrn_table) x
--> read: cacheable
--> reads: users

INSERT INTO users (id, name) VALUES (?, ?)
--> write: write
--> writes: insert users{id=?1 name=?2}

SELECT `User`.`id` AS `User_id` FROM `user` `User` LEFT JOIN `photo` `photos` ON `photos`.`userId`=`User`.`id` WHERE ((`User`.`id` = ?)) LIMIT 1
--> read: cacheable
--> reads: user{id=?1}, photo

SELECT DISTINCT `distinctAlias`.`User_id` AS `ids_User_id` FROM (SELECT `User`.`id` AS `User_id` FROM `user` `User` WHERE `User`.`id` = ?) `distinctAlias` ORDER BY `User_id` ASC LIMIT 1
--> read: cacheable
--> reads: user{id=?1}

INSERT INTO `user`(`id`, `name`) VALUES (DEFAULT, ?)
--> write: write
--> writes: insert user{id=_ name=?1}

UPDATE `user` SET `name` = ? WHERE `id` IN (?)
--> write: write
--> writes: update user{id=?2} sets name

