-- case: select * from ab
SELECT * FROM `a``b`

-- case: select * from select.from where from.where = 1
SELECT * FROM `select`.`from` WHERE `from`.`where` = 1

-- case: select * from 1table
SELECT * FROM `1table`

-- case: select * from 1table, form 2
SELECT * FROM 1table

-- case: select * from users
SELECT * FROM Users

-- case: select * from users u where u.id = 1
SELECT * FROM USERS u WHERE u.ID = 1

-- case: select * from таблица where ключ = 1
SELECT * FROM `таблица` WHERE `ключ` = 1

-- case: select a from s from t
SELECT "a from s" FROM t

-- case: select it s from s say x from s from t
SELECT 'it''s from s', "say ""x"" from s" FROM t

-- case: select c from t where b in select b from s
SELECT 'C:\\' FROM t WHERE b IN (SELECT b FROM s)

-- case: select a from x -- from t
SELECT 'a\' FROM x -- ' FROM t

-- case: select * from t -- s
SELECT * FROM t -- , s

-- case: select * from t s
SELECT * FROM t # , s

-- case: select * s from t join s
SELECT * /* , s */ FROM t /* JOIN s */

-- case: select * from t where a = 5 -- 1 and b in select b from s
SELECT * FROM t WHERE a = 5--1 AND b IN (SELECT b FROM s)

-- case: select * from t where a = 5 -- 1
SELECT * FROM t WHERE a = 5 --1

-- case: select a from t
SELECT a FROM t;

-- case: select a from t select b from s
SELECT a FROM t; SELECT b FROM s

-- case: select a from t ! join s
SELECT a FROM t /*! JOIN s */

-- case: select a from t ! 50000 join s
SELECT a FROM t /*!50000 JOIN s */

-- case: select a from t m ! join s
SELECT a FROM t /*M! JOIN s */

-- case: select + max_execution_time 100 a from t
SELECT /*+ MAX_EXECUTION_TIME(100) */ a FROM t

-- case: select * from t where a = ? and id = ?
SELECT * FROM t WHERE a = '?' AND id = ?

-- case: select a?b ? from t where ? = ?
SELECT `a?b`, ? FROM t WHERE `?` = ?

-- case: select * from db . t where db . t . id = 1
SELECT * FROM db . t WHERE db . t . id = 1

-- case: select * from db.select
SELECT * FROM db.select

-- case: select * from t where t.id = 1 andt.k = 2
SELECT * FROM t WHERE `t`.`id`=1 AND`t`.`k`=2

-- case: select*fromtwhereid = 1
select*from`t`where`id`=1

-- case: select * from t where id = ?
SELECT
	*
FROM t
WHERE id = ?

-- case: select a from
SELECT a FROM

-- case: selec a from t
SELEC a FROM t

-- case: insert into t values 1
INSERT INTO t VALUES (1

-- case: select * from t where a = x
SELECT * FROM t WHERE a = 'x

-- case: foo bar
FOO BAR
