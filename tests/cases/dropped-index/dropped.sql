CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, status text, created timestamp);
CREATE INDEX orders_user ON orders (user_id);
CREATE INDEX orders_status ON orders (status);
CREATE INDEX orders_created ON orders (created);

SELECT o.id FROM users u
JOIN orders o ON o.user_id = u.id  -- error: [unindexed-join] "no index of orders starts with user_id"
WHERE u.email = $1;
SELECT id FROM orders WHERE user_id = $1;  -- error: [unindexed-filter] "user_id"
SELECT id FROM orders ORDER BY created DESC LIMIT 10;  -- error: [unindexed-sort] "created"
-- the release brings:
DROP INDEX CONCURRENTLY IF EXISTS orders_user;  -- error: [dropped-index] "orders_user of orders is taken away, but 2 queries need it"
DROP INDEX orders_status;
DROP INDEX orders_created;  -- error: [dropped-index] "but a query needs it"
