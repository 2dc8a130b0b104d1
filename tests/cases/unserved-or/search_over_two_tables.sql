-- One search box for the number of an order and the name of whoever placed it.
CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, team_id bigint);
CREATE INDEX users_team_id ON users (team_id);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, number text UNIQUE, courier_id bigint);
CREATE INDEX orders_user_id ON orders (user_id);
CREATE INDEX orders_courier_id ON orders (courier_id);
CREATE TABLE teams (id bigint PRIMARY KEY, name text UNIQUE);

SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id
WHERE o.number = $1 OR u.email = $1;  -- error: [unserved-or] "an OR over orders and users can use no index of either"

SELECT o.id FROM orders o, users u WHERE u.id = o.user_id
AND (u.email = $1 OR u.team_id = $2 OR o.number = $3);  -- error: [unserved-or] "can use no index of either"

SELECT o.id FROM orders o JOIN users buyer ON buyer.id = o.user_id JOIN users courier ON courier.id = o.courier_id
WHERE buyer.email = $1 OR courier.email = $1;  -- error: [unserved-or] "an OR over several uses of users"

SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id
WHERE (o.number = $1 AND o.id > 100) OR (u.email = $1 AND u.team_id = 7);  -- error: [unserved-or] "orders and users"

SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id JOIN teams t ON t.id = u.team_id
WHERE o.number = $1 OR u.email = $1 OR t.name = $1;  -- error: [unserved-or] "an OR over orders, teams and users can use no index of any of them"
