CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, created timestamptz);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, open boolean, status text, created timestamptz NOT NULL, total numeric);
CREATE INDEX orders_user_id_idx ON orders (user_id);
CREATE INDEX orders_open_created_idx ON orders (open, created);

SELECT id FROM orders WHERE user_id = $1 ORDER BY total DESC LIMIT 10;
SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id WHERE u.email = $1 ORDER BY o.total LIMIT 10;
SELECT max(total) FROM orders WHERE user_id = $1;
