CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, name text, active boolean NOT NULL, created timestamptz);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, status text, created timestamptz, total numeric);
CREATE INDEX orders_status_created_idx ON orders (status, created);
CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, product_id bigint, quantity int);
CREATE INDEX items_order_id_idx ON items (order_id);

SELECT i.quantity FROM orders o JOIN items i ON i.order_id = o.id WHERE o.id = $1;
SELECT i.quantity FROM orders o LEFT JOIN items i ON i.order_id = o.id WHERE o.id = ANY($1);
SELECT (SELECT count(*) FROM items i WHERE i.order_id = o.id) FROM orders o WHERE o.id = $1;
SELECT o.total FROM orders o WHERE o.id IN (SELECT i.order_id FROM items i WHERE i.id = $1);
