CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, created timestamptz);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, open boolean, status text, created timestamptz NOT NULL, total numeric);
CREATE INDEX orders_user_id_idx ON orders (user_id);
CREATE INDEX orders_open_created_idx ON orders (open, created);

SELECT id FROM orders ORDER BY total DESC LIMIT 10;  -- error: [unindexed-sort] "wanted by total"

SELECT id, total AS price FROM orders ORDER BY price LIMIT 10;  -- error: [unindexed-sort] "wanted by total"

SELECT total FROM orders ORDER BY 1 LIMIT 10;  -- error: [unindexed-sort] "wanted by total"

SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id WHERE o.created > $1
ORDER BY o.created DESC LIMIT 20;  -- error: [unindexed-sort] "no index of orders has that order"

SELECT max(total) FROM orders;  -- error: [unindexed-sort] "wanted by total"

SELECT id FROM users ORDER BY id DESC NULLS LAST LIMIT 10;  -- error: [unindexed-sort] "has another order"
