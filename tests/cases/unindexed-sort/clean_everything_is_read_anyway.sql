CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, created timestamptz);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, open boolean, status text, created timestamptz NOT NULL, total numeric);
CREATE INDEX orders_user_id_idx ON orders (user_id);
CREATE INDEX orders_open_created_idx ON orders (open, created);

SELECT id FROM orders ORDER BY total;
SELECT status, count(*) FROM orders GROUP BY status ORDER BY count(*) DESC LIMIT 10;
SELECT status, count(*) FROM orders GROUP BY status ORDER BY status;
SELECT open, count(*) FROM orders GROUP BY open ORDER BY open LIMIT 10;
SELECT sum(total), max(total) FROM orders;
SELECT max(lower(status)) FROM orders;
SELECT id FROM orders ORDER BY random() LIMIT 10;
SELECT id, rank() OVER (ORDER BY total) FROM orders ORDER BY total LIMIT 10;
