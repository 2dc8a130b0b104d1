CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, name text, active boolean NOT NULL, created timestamptz);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, status text, created timestamptz, total numeric);
CREATE INDEX orders_status_created_idx ON orders (status, created);
CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, product_id bigint, sku text);
CREATE INDEX items_order_id_idx ON items (order_id);

SELECT u.name, o.total FROM users u
JOIN orders o ON o.status = u.name;
SELECT u.name, i.sku FROM users u
JOIN items i ON i.sku = u.name;  -- error: [unindexed-join] "joined whole"
