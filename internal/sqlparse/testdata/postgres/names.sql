-- case: unquoted folds to lower
SELECT ID FROM Users WHERE ID = 1
-- case: quoted keeps case
SELECT id FROM "Users" WHERE "ID" = 1
-- case: folding is ascii only
SELECT * FROM GRÖSSE
-- case: quoted beyond ascii
SELECT * FROM "größe"
-- case: keyword as quoted table
SELECT * FROM "select" WHERE "from" = $1
-- case: dot inside quotes
SELECT * FROM "my.table"
-- case: doubled quote in name
SELECT * FROM "a""b"
-- case: unicode escapes in name
SELECT * FROM U&"d\0061ta"
-- case: schema qualified
SELECT * FROM app.users WHERE app.users.id = $1
-- case: schema qualified by bare name
SELECT * FROM app.users WHERE users.id = $1
-- case: wrong schema qualifier
SELECT * FROM app.users WHERE other.users.id = $1
-- case: database qualified
SELECT id FROM mydb.public.users
-- case: database qualified in join
SELECT * FROM mydb.public.users u JOIN MyDB.public."Orders" o ON o.uid = u.id WHERE u.id = $1
-- case: database qualified write
UPDATE mydb.public.users SET a = 1 WHERE id = 2
-- case: long name is cut to 63 bytes
SELECT * FROM aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg
-- case: long quoted name is cut
SELECT * FROM "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg"
-- case: long name is cut between characters
SELECT * FROM "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeefffffffffffgöö"
-- case: only
SELECT * FROM ONLY parent
-- case: only in parentheses
SELECT * FROM ONLY (parent)
-- case: descendants
SELECT * FROM parent *
-- case: table command
TABLE users
-- case: non reserved keyword as name
SELECT value, name FROM data, users AS role
-- case: alias without as
SELECT u.id FROM users u WHERE u.id = 3
-- case: alias hides the table name
SELECT * FROM users u WHERE users.id = 3
-- case: column aliases
SELECT * FROM users AS u (b, a) WHERE u.a = 5
-- case: dollar in a name
SELECT * FROM a$b
-- case: spaces of all kinds
SELECT	*  FROM 	users
-- case: system schema
SELECT * FROM pg_catalog.pg_tables
-- case: system table without schema
SELECT * FROM pg_class
-- case: information schema
SELECT * FROM information_schema.columns WHERE table_name = 'x'
-- case: temporary schema
SELECT * FROM pg_temp.x
-- case: temporary schema by number
SELECT * FROM pg_temp_3.x
