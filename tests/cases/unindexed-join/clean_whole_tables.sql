CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, name text, active boolean NOT NULL, created timestamptz);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, status text, created timestamptz, total numeric);
CREATE INDEX orders_status_created_idx ON orders (status, created);
CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, product_id bigint, quantity int);
CREATE INDEX items_order_id_idx ON items (order_id);

-- Nothing drives: an index would not change the plan.
SELECT u.name, sum(o.total) FROM users u JOIN orders o ON o.user_id = u.id GROUP BY u.name;
SELECT u.name FROM users u WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id);
SELECT u.name FROM users u JOIN orders o ON o.user_id = u.id WHERE u.active;
SELECT u.name FROM users u JOIN orders o ON o.user_id = u.id WHERE u.active = true AND o.total > 5;
SELECT u.name FROM users u WHERE u.id NOT IN (SELECT user_id FROM orders);
