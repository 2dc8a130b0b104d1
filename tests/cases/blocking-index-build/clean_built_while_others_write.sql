CREATE TABLE orders (id bigint, user_id bigint, number text);
-- the release brings:
CREATE INDEX CONCURRENTLY orders_user ON orders (user_id);
CREATE UNIQUE INDEX CONCURRENTLY orders_number ON orders (number);
ALTER TABLE orders ADD CONSTRAINT orders_number_key UNIQUE USING INDEX orders_number;
