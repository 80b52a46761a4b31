-- case: plain read
SELECT * FROM users WHERE id = 1
-- case: only mysql accepts
SELECT `id` FROM `users`
-- case: only sqlite accepts
SELECT * FROM [users]
-- case: write
INSERT INTO users (id) VALUES (1)
-- case: comment that is none in mysql
SELECT a FROM t WHERE b = 5--3
-- case: nothing accepts
FROB users
-- case: garbage write
UPDATE SET users
-- case: time
SELECT now() FROM users
