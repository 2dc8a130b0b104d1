-- An arm that keeps most rows would be read whole in any case, by an index or not.
CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, active boolean NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, number text UNIQUE, paid timestamptz);
CREATE INDEX orders_user_id ON orders (user_id);

SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id WHERE u.active OR o.number = $1;
SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id WHERE o.paid IS NULL OR u.email = $1;
SELECT o.id FROM orders o LEFT JOIN users u ON u.id = o.user_id WHERE u.id IS NULL OR o.paid > $1;
