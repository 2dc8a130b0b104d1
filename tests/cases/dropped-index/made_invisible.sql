-- dialect: mysql
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, team_id bigint, KEY orders_user (user_id), KEY orders_team (team_id));

SELECT id FROM orders WHERE user_id = ?;  -- error: [unindexed-filter] "user_id"
SELECT id FROM orders WHERE team_id = ?;  -- error: [unindexed-filter] "team_id"
-- the release brings:
ALTER TABLE orders ALTER INDEX orders_user INVISIBLE;  -- error: [dropped-index] "orders_user"
ALTER TABLE orders DROP KEY orders_team;  -- error: [dropped-index] "orders_team"
