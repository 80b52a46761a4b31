-- case: unterminated string
SELECT * FROM users WHERE a = 'x
-- case: unterminated name
SELECT * FROM "users
-- case: unterminated comment
SELECT * FROM users /* x
-- case: unterminated dollar quote
SELECT * FROM users WHERE a = $$x
-- case: unterminated nested comment
UPDATE users SET a = 1 /* /* */
-- case: garbage
FROB users
-- case: garbage read
SELECT FROM WHERE users
-- case: garbage read with a function
SELECT f(x) FROM WHERE users
-- case: garbage write
UPDATE users SET SET a = 1
-- case: garbage update of qualified
UPDATE app.users SET SET a = 1
-- case: mysql text
SELECT `id` FROM `users`
-- case: lateral junk
INSERT INTO users VALUES (1
-- case: unbalanced
SELECT * FROM users WHERE (a = 1
-- case: select that deletes
WITH d AS (DELETE FROM x RETURNING 1 SELECT * FROM d
-- case: set garbage
SET SET x
-- case: separator in text
SELECT * FROM users WHERE a = ''
