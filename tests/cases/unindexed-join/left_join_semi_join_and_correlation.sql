CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, name text, active boolean NOT NULL, created timestamptz);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, status text, created timestamptz, total numeric);
CREATE INDEX orders_status_created_idx ON orders (status, created);
CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, product_id bigint, quantity int);
CREATE INDEX items_order_id_idx ON items (order_id);

SELECT u.name, o.total
FROM users u
LEFT JOIN orders o ON o.user_id = u.id  -- error: [unindexed-join] "for each row of users"
WHERE u.id = $1;

SELECT u.name FROM users u
WHERE u.id = $1
AND EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id);  -- error: [unindexed-join] "orders is looked up by user_id"

SELECT u.name,
  (SELECT max(o.total) FROM orders o WHERE o.user_id = u.id)  -- error: [unindexed-join] "for each row of users"
FROM users u;

SELECT u.name FROM users u
WHERE u.id = $1
AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id);  -- error: [unindexed-join] "orders is looked up by user_id"
