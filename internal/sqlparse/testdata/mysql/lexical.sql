SELECT * FROM `a``b`
--> read: cacheable
--> reads: a`b

SELECT * FROM `select`.`from` WHERE `from`.`where` = 1
--> read: cacheable
--> reads: select.from{where=1}

SELECT * FROM `1table`
--> read: cacheable
--> reads: 1table

SELECT * FROM 1table
--> read: cacheable
--> reads: 1table

SELECT * FROM Users
--> read: cacheable
--> reads: Users

SELECT * FROM USERS u WHERE u.ID = 1
--> read: cacheable
--> reads: USERS{ID=1}

SELECT * FROM `таблица` WHERE `ключ` = 1
--> read: cacheable
--> reads: таблица{ключ=1}

SELECT "a from s" FROM t
--> read: cacheable
--> reads: t

SELECT 'it''s from s', "say ""x"" from s" FROM t
--> read: cacheable
--> reads: t

SELECT 'C:\\' FROM t WHERE b IN (SELECT b FROM s)
--> read: cacheable
--> reads: t, s

SELECT 'a\' FROM x -- ' FROM t
--> read: cacheable
--> reads: t

SELECT * FROM t -- , s
--> read: cacheable
--> reads: t

SELECT * FROM t # , s
--> read: cacheable
--> reads: t

SELECT * /* , s */ FROM t /* JOIN s */
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE a = 5--1 AND b IN (SELECT b FROM s)
--> read: cacheable
--> reads: t, s

SELECT * FROM t WHERE a = 5 --1
--> read: cacheable
--> reads: t

SELECT a FROM t;
--> read: cacheable
--> reads: t

SELECT a FROM t; SELECT b FROM s
--> read: multi_statement
--> reads: t, s

SELECT a FROM t /*! JOIN s */
--> unknown: executable_comment

SELECT a FROM t /*!50000 JOIN s */
--> unknown: executable_comment

SELECT a FROM t /*M! JOIN s */
--> unknown: executable_comment

SELECT /*+ MAX_EXECUTION_TIME(100) */ a FROM t
--> read: cacheable
--> reads: t

SELECT * FROM t WHERE a = '?' AND id = ?
--> read: cacheable
--> reads: t{a='?' id=?1}

SELECT `a?b`, ? FROM t WHERE `?` = ?
--> read: cacheable
--> reads: t{?=?2}

SELECT * FROM db . t WHERE db . t . id = 1
--> read: cacheable
--> reads: db.t{id=1}

SELECT * FROM db.select
--> read: cacheable
--> reads: db.select

SELECT * FROM t WHERE `t`.`id`=1 AND`t`.`k`=2
--> read: cacheable
--> reads: t{id=1 k=2}

select*from`t`where`id`=1
--> read: cacheable
--> reads: t{id=1}

SELECT
	*
FROM t
WHERE id = ?
--> read: cacheable
--> reads: t{id=?1}

SELECT a FROM
--> unknown: unparsed

SELEC a FROM t
--> unknown: unparsed

INSERT INTO t VALUES (1
--> unknown: unparsed

SELECT * FROM t WHERE a = 'x
--> unknown: unparsed

FOO BAR
--> unknown: unparsed

