-- Each arm is looked up by its own index, and what both find is put together.
CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, phone text UNIQUE);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, number text UNIQUE);
CREATE INDEX orders_user_id ON orders (user_id);

SELECT id FROM users WHERE email = $1 OR phone = $2;
SELECT id FROM users WHERE id = $1 OR email = $2 OR phone = $3;
SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id WHERE u.email = $1 OR u.phone = $2;
SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id WHERE o.number = $1 OR o.id = $2;
