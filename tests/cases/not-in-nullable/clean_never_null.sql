CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, name text);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, coupon text);
CREATE INDEX orders_user_id ON orders (user_id);

SELECT id FROM users WHERE id NOT IN (SELECT user_id FROM orders);
SELECT id FROM orders WHERE user_id NOT IN (SELECT id FROM users);
SELECT id FROM users WHERE email NOT IN (SELECT email FROM users WHERE id < 100);
SELECT id FROM users WHERE id NOT IN (SELECT o.user_id FROM orders o JOIN users u ON u.id = o.user_id);
SELECT id FROM users WHERE id NOT IN (SELECT max(user_id) FROM orders GROUP BY user_id);
SELECT id FROM users WHERE id NOT IN (SELECT user_id FROM orders UNION SELECT id FROM users);
