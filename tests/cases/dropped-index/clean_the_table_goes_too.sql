CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
CREATE INDEX orders_user ON orders (user_id);
CREATE TABLE users (id bigint PRIMARY KEY);
SELECT id FROM users WHERE id = $1;
-- the release brings:
DROP INDEX orders_user;
DROP TABLE orders;
