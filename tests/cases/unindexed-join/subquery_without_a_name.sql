CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
CREATE INDEX orders_user_id_idx ON orders (user_id);
CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint);
SELECT * FROM items
WHERE order_id IN (SELECT id FROM orders WHERE user_id = $1 LIMIT 10);  -- error: [unindexed-join] "for each row of a sub-query, but"
