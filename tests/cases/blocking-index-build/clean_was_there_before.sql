CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
CREATE INDEX orders_user ON orders (user_id);
ALTER TABLE orders ADD COLUMN number bigint UNIQUE;
-- the release brings:
ALTER INDEX orders_user RENAME TO orders_by_user;
ALTER TABLE orders RENAME COLUMN number TO code;
