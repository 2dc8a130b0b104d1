CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, status text);
CREATE INDEX orders_status ON orders (status);
SELECT id FROM orders WHERE id = $1 AND status = 'open';
SELECT count(*) FROM orders;
-- the release brings:
DROP INDEX orders_status;
