CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
CREATE INDEX orders_user ON orders (user_id);
-- lastcall: ignore[unindexed-filter] runs once a year
SELECT id FROM orders WHERE user_id = $1;
-- the release brings:
-- lastcall: ignore[dropped-index] the query runs once a year
DROP INDEX orders_user;
