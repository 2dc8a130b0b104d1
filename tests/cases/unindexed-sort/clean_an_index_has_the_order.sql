CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, created timestamptz);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, open boolean, status text, created timestamptz NOT NULL, total numeric);
CREATE INDEX orders_user_id_idx ON orders (user_id);
CREATE INDEX orders_open_created_idx ON orders (open, created);

SELECT id FROM orders ORDER BY id DESC LIMIT 10;
SELECT id FROM orders ORDER BY user_id LIMIT 10;
SELECT id FROM orders WHERE open ORDER BY created DESC LIMIT 10;
SELECT id FROM orders WHERE open = true ORDER BY created LIMIT 10;
SELECT max(id), min(user_id) FROM orders;
