CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
CREATE INDEX orders_user ON orders (user_id);
SELECT id FROM orders WHERE user_id = $1;  -- error: [unknown-table] "orders"
-- the release brings:
DROP INDEX orders_user;
ALTER TABLE orders FROBNICATE;  -- error: [unread-query] "FROBNICATE"
