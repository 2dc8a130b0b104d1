CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, name text, active boolean NOT NULL, created timestamptz);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, status text, created timestamptz, total numeric);
CREATE INDEX orders_status_created_idx ON orders (status, created);
CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, product_id bigint, quantity int);
CREATE INDEX items_order_id_idx ON items (order_id);

SELECT id FROM users WHERE name = $1;  -- error: [unindexed-filter] "no index of users starts with name"
SELECT id FROM users WHERE name IN ('a', 'b');  -- error: [unindexed-filter] "name"
SELECT id FROM orders WHERE created BETWEEN $1 AND $2;  -- error: [unindexed-filter] "created"
SELECT id FROM orders WHERE created >= $1 AND created < $2;  -- error: [unindexed-filter] "created"
SELECT id FROM users WHERE email = $1 OR name = $2;  -- error: [unindexed-filter] "name"
UPDATE orders SET total = 0 WHERE total = $1;  -- error: [unindexed-filter] "total"
