CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, number text);
CREATE INDEX orders_user ON orders (user_id);
CREATE UNIQUE INDEX orders_number ON orders (number);
SELECT id FROM orders WHERE user_id = $1;
SELECT id FROM orders WHERE number = $1;
-- the release brings:
CREATE INDEX CONCURRENTLY orders_user_id ON orders (user_id, id);
DROP INDEX CONCURRENTLY orders_user;
ALTER TABLE orders ADD CONSTRAINT orders_number_key UNIQUE USING INDEX orders_number;
ALTER INDEX orders_user_id RENAME TO orders_user;
