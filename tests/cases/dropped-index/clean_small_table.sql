-- small-tables: orders
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
CREATE INDEX orders_user ON orders (user_id);
SELECT id FROM orders WHERE user_id = $1;
-- the release brings:
DROP INDEX orders_user;
