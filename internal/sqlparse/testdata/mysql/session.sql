-- case: set names utf8mb4
SET NAMES utf8mb4

-- case: set names default
SET NAMES DEFAULT

-- case: set character set utf8
SET CHARACTER SET utf8

-- case: set charset latin1
SET CHARSET latin1

-- case: set sql_mode =
SET sql_mode = ''

-- case: set session sql_mode = ansi time_zone = + 00 00
SET SESSION sql_mode = 'ANSI', time_zone = '+00:00'

-- case: set local lc_time_names = de_de
SET LOCAL lc_time_names = 'de_DE'

-- case: set @@session.group_concat_max_len = 10 @@local.div_precision_increment
SET @@session.group_concat_max_len = 10, @@local.div_precision_increment = 8, @@max_sort_length = 4

-- case: set global max_connections = 10
SET GLOBAL max_connections = 10

-- case: set persist max_connections = 10
SET PERSIST max_connections = 10

-- case: set @@global.time_zone = + 00 00
SET @@global.time_zone = '+00:00'

-- case: set @a = 1 @b = 2
SET @a = 1, @b := 2

-- case: set @a = select max x from s @b c = f 1
SET @A = (SELECT max(x) FROM s), @`b c` = f(1)

-- case: set time_zone = @old
SET time_zone = @old

-- case: set role admin
SET ROLE admin

-- case: set role none
SET ROLE NONE

-- case: set default role admin to u
SET DEFAULT ROLE admin TO u

-- case: set password = x
SET PASSWORD = 'x'

-- case: set password for u = x
SET PASSWORD FOR u = 'x'

-- case: set resource group g
SET RESOURCE GROUP g

-- case: set foo.bar = 1
SET foo.bar = 1

-- case: set statement max_statement_time = 10 for select * from t where id = 1
SET STATEMENT max_statement_time = 10 FOR SELECT * FROM t WHERE id = 1

-- case: set statement sql_mode = for update t set a = 1 where id = ?
SET STATEMENT sql_mode = '' FOR UPDATE t SET a = 1 WHERE id = ?

-- case: set sql_log_bin = 0
SET SQL_LOG_BIN = 0

-- case: set this is nothing
SET this is nothing

-- case: use db
USE db

-- case: use my db
USE `my db`

-- case: prepare s from select * from t where id = ?
PREPARE s FROM 'SELECT * FROM t WHERE id = ?'

-- case: prepare s from @sql
PREPARE s FROM @sql

-- case: execute s
EXECUTE s

-- case: execute s using @a @b
EXECUTE s USING @a, @b

-- case: execute immediate delete from t
EXECUTE IMMEDIATE 'DELETE FROM t'

-- case: deallocate prepare s
DEALLOCATE PREPARE s

-- case: drop prepare s
DROP PREPARE s
