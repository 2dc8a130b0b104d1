CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, name text, active boolean NOT NULL, created timestamptz);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, status text, created timestamptz, total numeric);
CREATE INDEX orders_status_created_idx ON orders (status, created);
CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, product_id bigint, quantity int);
CREATE INDEX items_order_id_idx ON items (order_id);

SELECT o.total FROM users u, orders o
WHERE u.email = $1 AND o.user_id = u.id;  -- error: [unindexed-join] "user_id"

UPDATE orders o SET status = 'closed' FROM users u
WHERE o.user_id = u.id AND u.email = $1;  -- error: [unindexed-join] "user_id"

DELETE FROM orders o USING users u
WHERE o.user_id = u.id AND u.email = $1;  -- error: [unindexed-join] "user_id"

INSERT INTO items (order_id)
SELECT o.id FROM users u
JOIN orders o ON u.id = o.user_id  -- error: [unindexed-join] "user_id"
WHERE u.email = $1;
