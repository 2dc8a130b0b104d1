CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, name text, active boolean NOT NULL, created timestamptz);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, status text, created timestamptz, total numeric);
CREATE INDEX orders_status_created_idx ON orders (status, created);
CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, product_id bigint, quantity int);
CREATE INDEX items_order_id_idx ON items (order_id);

CREATE TABLE prices (id bigint PRIMARY KEY, country text, product_id bigint, UNIQUE (country, product_id));
SELECT p.id FROM items i JOIN prices p ON p.product_id = i.product_id AND p.country = 'nl' WHERE i.id = $1;
