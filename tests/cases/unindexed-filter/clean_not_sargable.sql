CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, name text, active boolean NOT NULL, created timestamptz);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, status text, created timestamptz, total numeric);
CREATE INDEX orders_status_created_idx ON orders (status, created);
CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, product_id bigint, quantity int);
CREATE INDEX items_order_id_idx ON items (order_id);

SELECT id FROM users WHERE upper(name) = $1;
SELECT id FROM users WHERE name LIKE '%x';
SELECT id FROM users WHERE name NOT LIKE 'x%';
SELECT id FROM users WHERE NOT (name = $1);
SELECT id FROM users WHERE name <> $1;
SELECT id FROM users WHERE (email, name) = ($1, $2);
SELECT id FROM users WHERE (id, name) > ($1, $2);
