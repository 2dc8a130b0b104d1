CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, number text UNIQUE, status text, team_id bigint);
CREATE INDEX orders_user ON orders (user_id);
CREATE INDEX orders_team ON orders (team_id, status);

SELECT id FROM orders WHERE user_id = $1;  -- error: [unindexed-filter] "user_id"
SELECT id FROM orders WHERE number = $1;  -- error: [unindexed-filter] "number"
SELECT id FROM orders WHERE team_id = $1;  -- error: [unindexed-filter] "team_id"
-- the release brings:
DROP INDEX orders_user;  -- error: [dropped-index] "orders_user"
CREATE INDEX CONCURRENTLY orders_user ON orders (user_id) WHERE status = 'open';
ALTER TABLE orders DROP CONSTRAINT orders_number_key;  -- error: [dropped-index] "orders_number_key"
ALTER TABLE orders DROP COLUMN status;  -- error: [dropped-index] "orders_team"
