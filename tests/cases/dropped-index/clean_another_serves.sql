CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, status text);
CREATE INDEX orders_user ON orders (user_id);
CREATE INDEX orders_user_status ON orders (user_id, status);
SELECT id FROM orders WHERE user_id = $1;
-- the release brings:
DROP INDEX orders_user;
