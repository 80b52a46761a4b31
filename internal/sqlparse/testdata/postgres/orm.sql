-- case: gorm first by primary key
SELECT * FROM "users" WHERE "users"."id" = $1 AND "users"."deleted_at" IS NULL ORDER BY "users"."id" LIMIT $2
-- case: gorm find in list
SELECT * FROM "users" WHERE name IN ($1,$2,$3) AND "users"."deleted_at" IS NULL
-- case: gorm preload
SELECT * FROM "orders" WHERE "orders"."user_id" IN ($1,$2) AND "orders"."deleted_at" IS NULL
-- case: gorm joins with soft delete in on
SELECT "users"."id","Company"."id" AS "Company__id" FROM "users" LEFT JOIN "companies" "Company" ON "users"."company_id" = "Company"."id" AND "Company"."deleted_at" IS NULL WHERE "users"."id" = $1
-- case: gorm count
SELECT count(*) FROM "users" WHERE "users"."deleted_at" IS NULL
-- case: gorm create
INSERT INTO "users" ("created_at","updated_at","deleted_at","name","age") VALUES ($1,$2,$3,$4,$5) RETURNING "id"
-- case: gorm create in batches
INSERT INTO "users" ("name","age") VALUES ($1,$2),($3,$4),($5,$6) RETURNING "id"
-- case: gorm upsert
INSERT INTO "users" ("id","name") VALUES ($1,$2) ON CONFLICT ("id") DO UPDATE SET "name"="excluded"."name" RETURNING "id"
-- case: gorm insert or nothing
INSERT INTO "users" ("id","name") VALUES ($1,$2) ON CONFLICT DO NOTHING
-- case: gorm updates
UPDATE "users" SET "name"=$1,"updated_at"=$2 WHERE "users"."deleted_at" IS NULL AND "id" = $3
-- case: gorm soft delete
UPDATE "users" SET "deleted_at"=$1 WHERE "users"."id" = $2 AND "users"."deleted_at" IS NULL
-- case: gorm delete
DELETE FROM "users" WHERE "users"."id" = $1
-- case: gorm many to many preload
SELECT * FROM "user_languages" WHERE "user_languages"."user_id" = $1
-- case: gorm pluck
SELECT "name" FROM "users" WHERE age > $1
-- case: gorm lock
SELECT * FROM "users" WHERE "users"."id" = $1 ORDER BY "users"."id" LIMIT 1 FOR UPDATE
-- case: gorm savepoint
SAVEPOINT sp0xc000123
-- case: gorm rollback to savepoint
ROLLBACK TO SAVEPOINT sp0xc000123
-- case: gorm migrator has table
SELECT count(*) FROM information_schema.tables WHERE table_schema = CURRENT_SCHEMA() AND table_name = $1 AND table_type = $2
-- case: ent only by id
SELECT "users"."id", "users"."age", "users"."name" FROM "users" WHERE "users"."id" = $1 LIMIT 2
-- case: ent edge query with subselect
SELECT "users"."id" FROM "users" WHERE "users"."id" IN (SELECT "user_groups"."user_id" FROM "user_groups" JOIN "groups" AS "t1" ON "user_groups"."group_id" = "t1"."id" WHERE "t1"."name" = $1)
-- case: ent eager edge
SELECT "t1"."user_id", "pets"."id", "pets"."name" FROM "pets" JOIN "user_pets" AS "t1" ON "pets"."id" = "t1"."pet_id" WHERE "t1"."user_id" IN ($1, $2)
-- case: ent has edge exists
SELECT "users"."id" FROM "users" WHERE EXISTS (SELECT "pets"."owner_id" FROM "pets" WHERE "users"."id" = "pets"."owner_id")
-- case: ent create
INSERT INTO "users" ("age", "name") VALUES ($1, $2) RETURNING "id"
-- case: ent bulk upsert
INSERT INTO "users" ("id", "name") VALUES ($1, $2), ($3, $4) ON CONFLICT ("id") DO UPDATE SET "id" = "users"."id", "name" = "excluded"."name" RETURNING "id"
-- case: ent update one
UPDATE "users" SET "age" = COALESCE("users"."age", 0) + $1 WHERE "id" = $2
-- case: bun select with relation
SELECT "book"."id", "book"."title", "author"."id" AS "author__id" FROM "books" AS "book" LEFT JOIN "authors" AS "author" ON ("author"."id" = "book"."author_id") WHERE ("book"."id" = 1)
-- case: bun literals in list
SELECT "model"."id", "model"."str" FROM "models" AS "model" WHERE ("model"."id" IN (1, 2, 3)) ORDER BY "id" ASC LIMIT 10 OFFSET 20
-- case: bun bulk update by values
WITH "_data" ("id", "title") AS (VALUES (1::BIGINT, 'a'::VARCHAR), (2::BIGINT, 'b'::VARCHAR)) UPDATE "books" AS "book" SET "title" = _data."title" FROM _data WHERE ("book"."id" = _data."id")
-- case: bun delete returning
DELETE FROM "books" AS "book" WHERE ("book"."id" = 3) RETURNING "book"."id"
-- case: bun insert default
INSERT INTO "users" ("id", "name", "email") VALUES (DEFAULT, 'a', 'b') RETURNING "id"
-- case: bun exists
SELECT EXISTS (SELECT 1 FROM "books" AS "book" WHERE ("book"."id" = 4))
-- case: xorm get
SELECT "id", "username", "passwd" FROM "user" WHERE "id"=$1 LIMIT 1
-- case: xorm version update
UPDATE "user" SET "name" = $1, "version" = "version" + 1 WHERE "id"=$2 AND "version"=$3
-- case: xorm join
SELECT "user".*, "detail".* FROM "user" INNER JOIN "detail" ON "detail"."user_id" = "user"."id" WHERE ("user"."name" = $1)
-- case: sqlx named query bound
SELECT * FROM person WHERE first_name=$1 AND last_name = $2
-- case: sqlx in
SELECT * FROM users WHERE level IN ($1, $2, $3, $4)
-- case: sqlc get one
-- name: GetAuthor :one
SELECT id, name, bio FROM authors
WHERE id = $1 LIMIT 1
-- case: sqlc list
-- name: ListAuthors :many
SELECT id, name, bio FROM authors
ORDER BY name
-- case: sqlc update with named params
-- name: UpdateAuthor :exec
UPDATE authors
  set name = CASE WHEN $1::boolean THEN $2::text ELSE name END
WHERE id = $3
-- case: sqlc any of array
SELECT id, name FROM authors WHERE id = ANY($1::bigint[])
-- case: sqlc nullable filter
SELECT * FROM authors WHERE ($1::text IS NULL OR name = $1) AND tenant_id = $2
-- case: sqlc copyfrom alternative with unnest
INSERT INTO authors (name, bio) SELECT unnest($1::text[]), unnest($2::text[])
-- case: django get
SELECT "auth_user"."id", "auth_user"."password" FROM "auth_user" WHERE "auth_user"."username" = 'alice' LIMIT 21
-- case: django filter through relation
SELECT "blog_post"."id" FROM "blog_post" INNER JOIN "blog_author" ON ("blog_post"."author_id" = "blog_author"."id") WHERE ("blog_author"."name" = 'x' AND "blog_post"."published")
-- case: django annotate
SELECT "blog_post"."id", COUNT("blog_comment"."id") AS "n" FROM "blog_post" LEFT OUTER JOIN "blog_comment" ON ("blog_post"."id" = "blog_comment"."post_id") GROUP BY "blog_post"."id" HAVING COUNT("blog_comment"."id") > 3
-- case: django exists
SELECT 1 AS "a" FROM "blog_post" WHERE "blog_post"."id" = 7 LIMIT 1
-- case: django exclude with subquery
SELECT "a"."id" FROM "a" WHERE NOT (EXISTS(SELECT 1 AS "a" FROM "b" U1 WHERE (U1."flag" AND U1."a_id" = ("a"."id")) LIMIT 1))
-- case: django trunc in zone
SELECT DATE_TRUNC('day', "orders"."created_at" AT TIME ZONE 'Europe/Paris') AS "d", COUNT(*) FROM "orders" GROUP BY 1
-- case: django select for update
SELECT "acct"."id" FROM "acct" WHERE "acct"."id" = 1 FOR UPDATE OF "acct"
-- case: django case insensitive
SELECT "u"."id" FROM "u" WHERE UPPER("u"."email"::text) = UPPER('A@b.c')
-- case: django date lookup
SELECT "o"."id" FROM "o" WHERE ("o"."created_at" AT TIME ZONE 'UTC')::date = '2024-01-01'::date
-- case: django bulk create returning
INSERT INTO "blog_tag" ("name") VALUES ('a'), ('b') RETURNING "blog_tag"."id"
-- case: django bulk update case
UPDATE "t" SET "n" = (CASE WHEN ("t"."id" = 1) THEN 10 WHEN ("t"."id" = 2) THEN 20 ELSE NULL END)::integer WHERE "t"."id" IN (1, 2)
-- case: django delete cascade by hand
DELETE FROM "blog_comment" WHERE "blog_comment"."post_id" IN (1, 2)
-- case: django introspection
SELECT c.relname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE pg_catalog.pg_table_is_visible(c.oid)
-- case: django atomic begin
BEGIN
-- case: django savepoint
SAVEPOINT "s139_x1"
-- case: django release
RELEASE SAVEPOINT "s139_x1"
-- case: rails find
SELECT "users".* FROM "users" WHERE "users"."id" = $1 LIMIT $2
-- case: rails exists
SELECT 1 AS one FROM "users" WHERE "users"."email" = $1 LIMIT $2
-- case: rails includes
SELECT "comments".* FROM "comments" WHERE "comments"."post_id" IN ($1, $2, $3)
-- case: rails eager load
SELECT "posts"."id" AS t0_r0, "comments"."id" AS t1_r0 FROM "posts" LEFT OUTER JOIN "comments" ON "comments"."post_id" = "posts"."id" WHERE "posts"."id" = $1
-- case: rails insert
INSERT INTO "users" ("name", "created_at", "updated_at") VALUES ($1, $2, $3) RETURNING "id"
-- case: rails update counter
UPDATE "posts" SET "comments_count" = COALESCE("comments_count", 0) + 1 WHERE "posts"."id" = $1
-- case: rails upsert all
INSERT INTO "books" ("isbn","title") VALUES ('1', 'a'), ('2', 'b') ON CONFLICT ("isbn") DO UPDATE SET "title"=excluded."title" RETURNING "id"
-- case: rails advisory lock
SELECT pg_try_advisory_lock(2053462845)
-- case: rails set up
SET client_min_messages TO 'warning'
-- case: rails standard conforming
SET standard_conforming_strings = on
-- case: rails show
SHOW search_path
-- case: rails query log tags
SELECT "users".* FROM "users" WHERE "users"."id" = 1 /*application='App',controller='users'*/
-- case: hibernate entity load
select c1_0.id,c1_0.name,o1_0.customer_id,o1_0.id,o1_0.total from customer c1_0 left join orders o1_0 on c1_0.id=o1_0.customer_id where c1_0.id=$1
-- case: hibernate hql in
select o1_0.id from orders o1_0 where o1_0.status in ($1,$2) and o1_0.customer_id=$3 order by o1_0.id offset $4 rows fetch first $5 rows only
-- case: hibernate version update
update customer set name=$1,version=$2 where id=$3 and version=$4
-- case: hibernate sequence
select nextval('customer_seq')
-- case: hibernate pessimistic
select c1_0.id from customer c1_0 where c1_0.id=$1 for no key update
-- case: hibernate insert
insert into orders (customer_id,total,id) values ($1,$2,$3)
-- case: hibernate local datetime
select e1_0.id from event e1_0 where e1_0.starts_at>localtimestamp
-- case: ecto get
SELECT u0."id", u0."name" FROM "users" AS u0 WHERE (u0."id" = $1)
-- case: ecto any
SELECT u0."id" FROM "users" AS u0 WHERE (u0."id" = ANY($1))
-- case: ecto subquery join
SELECT p0."id", s1."n" FROM "posts" AS p0 INNER JOIN (SELECT sc0."post_id" AS "post_id", count(*) AS "n" FROM "comments" AS sc0 GROUP BY sc0."post_id") AS s1 ON s1."post_id" = p0."id"
-- case: ecto insert on conflict
INSERT INTO "users" AS u0 ("name","inserted_at") VALUES ($1,$2) ON CONFLICT ("name") DO UPDATE SET "updated_at" = EXCLUDED."updated_at" RETURNING "id"
-- case: ecto lateral
SELECT g0."id", f1."x" FROM "games" AS g0 INNER JOIN LATERAL (SELECT x.id AS x FROM games_sold AS x WHERE x.game_id = g0.id ORDER BY x.sold_on LIMIT 2) AS f1 ON TRUE
-- case: prisma find unique
SELECT "public"."User"."id", "public"."User"."email" FROM "public"."User" WHERE ("public"."User"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3
-- case: prisma relation load
SELECT "public"."Post"."id", "public"."Post"."authorId" FROM "public"."Post" WHERE "public"."Post"."authorId" IN ($1,$2) OFFSET $3
-- case: prisma join strategy
SELECT "t1"."id", "User_posts"."__prisma_data__" AS "posts" FROM "public"."User" AS "t1" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t3"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('id', "t2"."id") AS "__prisma_data__" FROM (SELECT "t1".* FROM "public"."Post" AS "t1" WHERE "t1"."id" = "t1"."authorId") AS "t2") AS "t3") AS "t4") AS "User_posts" ON TRUE WHERE "t1"."id" = $1 LIMIT $2
-- case: prisma create
INSERT INTO "public"."User" ("email","name") VALUES ($1,$2) RETURNING "public"."User"."id"
-- case: prisma update
UPDATE "public"."User" SET "name" = $1 WHERE ("public"."User"."id" = $2 AND 1=1) RETURNING "public"."User"."id", "public"."User"."name"
-- case: prisma aggregate
SELECT COUNT(*), SUM("n") FROM (SELECT "public"."Post"."n" FROM "public"."Post" WHERE 1=1 OFFSET $1) AS "sub"
-- case: typeorm find one
SELECT "User"."id" AS "User_id", "User"."firstName" AS "User_firstName" FROM "user" "User" WHERE (("User"."id" = $1)) LIMIT 1
-- case: typeorm distinct alias
SELECT DISTINCT "distinctAlias"."User_id" AS "ids_User_id" FROM (SELECT "User"."id" AS "User_id" FROM "user" "User" LEFT JOIN "photo" "p" ON "p"."userId"="User"."id" WHERE "User"."id" = $1) "distinctAlias" ORDER BY "User_id" ASC LIMIT 1
-- case: typeorm start transaction
START TRANSACTION ISOLATION LEVEL READ COMMITTED
-- case: jooq select
select "public"."author"."id", "public"."author"."last_name" from "public"."author" where "public"."author"."id" = $1
-- case: jooq typed limit
select "a"."id" from "a" where "a"."x" = cast($1 as integer) order by 1 fetch next $2 rows only
-- case: jooq insert returning
insert into "public"."author" ("id", "last_name") values ($1, $2) returning "public"."author"."id"
-- case: jooq row in
select * from t where (a, b) in (($1, $2), ($3, $4))
-- case: sqlalchemy get
SELECT users.id AS users_id, users.name AS users_name FROM users WHERE users.id = $1::INTEGER
-- case: sqlalchemy insertmanyvalues
INSERT INTO t (data) SELECT p0::VARCHAR FROM (VALUES ($1, 0), ($2, 1)) AS imp_sen(p0, sen_counter) ORDER BY sen_counter RETURNING t.id
-- case: sqlalchemy expanding in
SELECT t.id FROM t WHERE t.x IN ($1::INTEGER, $2::INTEGER)
-- case: pg version probe
select pg_catalog.version()
-- case: river fetch jobs
WITH locked_jobs AS (SELECT * FROM river_job WHERE state = 'available' AND queue = $1 ORDER BY priority LIMIT $2 FOR UPDATE SKIP LOCKED) UPDATE river_job SET state = 'running', attempt = river_job.attempt + 1 FROM locked_jobs WHERE river_job.id = locked_jobs.id RETURNING river_job.*
-- case: pgboss style state
SELECT name, state, count(*) size FROM pgboss.job GROUP BY rollup(name), rollup(state)
