CREATE TABLE users (id bigint PRIMARY KEY);
SELECT id FROM users WHERE id = %s;
SELECT id FROM users WHERE id = %(id)s;
SELECT id FROM users WHERE id = :id;
SELECT id FROM users WHERE id = ?;
SELECT id FROM users WHERE id = $1;
