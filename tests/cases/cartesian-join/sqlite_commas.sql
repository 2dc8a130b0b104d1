-- dialect: sqlite
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER, note TEXT);
CREATE INDEX orders_user_id ON orders (user_id);

SELECT u.id FROM users u, orders o;  -- error: [cartesian-join] "orders and users"
SELECT u.id FROM users u, orders o WHERE u.id <> ?;  -- error: [cartesian-join] "orders and users"
SELECT u.id FROM orders o, users u WHERE u.id <> ?;  -- error: [cartesian-join] "orders and users"
SELECT u.name FROM users u JOIN orders o WHERE o.note IS NOT NULL;  -- error: [cartesian-join] "orders and users"
