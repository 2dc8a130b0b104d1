-- Every arm says something of the same table, and by that the query begins there.
CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, number text UNIQUE);
CREATE INDEX orders_user_id ON orders (user_id);

SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id WHERE (o.number = $1 AND u.email = $2) OR (o.id = $3 AND u.email = $4);
SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id WHERE (u.email = $1 AND o.number = $2) OR u.id = $3;
SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id WHERE o.number = $1
UNION
SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id WHERE u.email = $1;
