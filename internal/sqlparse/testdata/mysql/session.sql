SET NAMES utf8mb4
--> session: session_statement set
--> session: character_set_client, character_set_connection, character_set_results, collation_connection

SET NAMES DEFAULT
--> session: session_statement set
--> session: character_set_client, character_set_connection, character_set_results, collation_connection

SET CHARACTER SET utf8
--> session: session_statement set
--> session: character_set_client, character_set_connection, character_set_results, collation_connection

SET CHARSET latin1
--> session: session_statement set
--> session: character_set_client, character_set_connection, character_set_results, collation_connection

SET sql_mode = ''
--> session: session_statement set
--> session: sql_mode

SET SESSION sql_mode = 'ANSI', time_zone = '+00:00'
--> session: session_statement set
--> session: sql_mode, time_zone

SET LOCAL lc_time_names = 'de_DE'
--> session: session_statement set
--> session: lc_time_names

SET @@session.group_concat_max_len = 10, @@local.div_precision_increment = 8, @@max_sort_length = 4
--> session: session_statement set
--> session: group_concat_max_len, div_precision_increment, max_sort_length

SET GLOBAL max_connections = 10
--> session: session_statement set
--> writes: *

SET PERSIST max_connections = 10
--> session: session_statement set
--> writes: *

SET @@global.time_zone = '+00:00'
--> session: session_statement set
--> writes: *

SET @a = 1, @b := 2
--> session: session_statement set
--> session: @a, @b

SET @A = (SELECT max(x) FROM s), @`b c` = f(1)
--> session: session_statement set
--> reads: s
--> functions: f
--> session: @a, @b c

SET time_zone = @old
--> session: session_statement set
--> session: time_zone

SET ROLE admin
--> session: session_statement set
--> session: role

SET ROLE NONE
--> session: session_statement set
--> session: role

SET DEFAULT ROLE admin TO u
--> ddl: ddl privileges
--> session: implicit commit

SET PASSWORD = 'x'
--> ddl: ddl privileges
--> session: implicit commit

SET PASSWORD FOR u = 'x'
--> ddl: ddl privileges
--> session: implicit commit

SET RESOURCE GROUP g
--> session: session_statement set

SET foo.bar = 1
--> session: session_statement set
--> session: foo.bar

SET STATEMENT max_statement_time = 10 FOR SELECT * FROM t WHERE id = 1
--> read: session_statement set statement
--> reads: t{id=1}

SET STATEMENT sql_mode = '' FOR UPDATE t SET a = 1 WHERE id = ?
--> write: write
--> writes: update t{id=?1} sets a

SET SQL_LOG_BIN = 0
--> session: session_statement set
--> session: sql_log_bin

SET this is nothing
--> session: session_statement set
--> session: unknown

USE db
--> session: session_statement use
--> session: changes database

USE `my db`
--> session: session_statement use
--> session: changes database

PREPARE s FROM 'SELECT * FROM t WHERE id = ?'
--> session: session_statement prepare

PREPARE s FROM @sql
--> session: session_statement prepare

EXECUTE s
--> write: call execute
--> writes: *
--> session: unknown

EXECUTE s USING @a, @b
--> write: call execute
--> writes: *
--> session: unknown

EXECUTE IMMEDIATE 'DELETE FROM t'
--> write: call execute
--> writes: *
--> session: unknown

DEALLOCATE PREPARE s
--> session: session_statement prepare

DROP PREPARE s
--> session: session_statement prepare

