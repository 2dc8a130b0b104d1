CREATE TABLE orders (id bigint PRIMARY KEY, open boolean NOT NULL, status text, created timestamptz NOT NULL, paid timestamptz);
CREATE INDEX orders_paid ON orders (paid);
CREATE INDEX orders_open_created ON orders (open, created);
CREATE INDEX orders_status ON orders (status text_pattern_ops);

SELECT id FROM orders
ORDER BY paid DESC NULLS LAST LIMIT 10;  -- error: [unindexed-sort] "no index of orders has that order (orders_paid has another order)"

SELECT id FROM orders ORDER BY open, created DESC LIMIT 10;  -- error: [unindexed-sort] "orders_open_created has another order"

SELECT id FROM orders ORDER BY status LIMIT 10;  -- error: [unindexed-sort] "orders_status has another order"

SELECT created, count(*) FROM orders GROUP BY created ORDER BY created LIMIT 10;  -- error: [unindexed-sort] "wanted by created"
