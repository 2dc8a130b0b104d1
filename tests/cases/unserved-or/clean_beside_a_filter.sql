-- The OR is looked at in the few rows that something else leaves.
CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, name text, team_id bigint);
CREATE INDEX users_team_id ON users (team_id);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, number text UNIQUE, shop_id bigint);
CREATE INDEX orders_user_id ON orders (user_id);
CREATE INDEX orders_shop_id ON orders (shop_id);

SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id WHERE u.team_id = $1 AND (u.email = $2 OR o.number = $2);
SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id WHERE o.shop_id = $1 AND (u.name = $2 OR o.number = $2);
SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id WHERE o.id = $1 AND ($2 = 'all' OR u.email = $2);
