-- dialect: mysql
CREATE TABLE orders (id bigint PRIMARY KEY, number char(16) UNIQUE);
CREATE TABLE order_items (id bigint PRIMARY KEY, order_id bigint);

DELETE FROM i USING order_items i
INNER JOIN orders o ON o.id = i.order_id  -- error: [unindexed-join] "no index of order_items starts with order_id"
WHERE o.number = ?;

DELETE i.*, o.* FROM orders o
INNER JOIN order_items i ON i.order_id = o.id  -- error: [unindexed-join] "no index of order_items starts with order_id"
WHERE o.number = ?;
