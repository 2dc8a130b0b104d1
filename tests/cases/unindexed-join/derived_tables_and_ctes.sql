CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, name text, active boolean NOT NULL, created timestamptz);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, status text, created timestamptz, total numeric);
CREATE INDEX orders_status_created_idx ON orders (status, created);
CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, product_id bigint, quantity int);
CREATE INDEX items_order_id_idx ON items (order_id);

WITH chosen AS (SELECT id FROM users WHERE email = $1)
SELECT o.total FROM chosen c
JOIN orders o ON o.user_id = c.id;  -- error: [unindexed-join] "for each row of users"

SELECT o.total FROM (SELECT id FROM users ORDER BY created LIMIT 10) AS latest  -- error: [unindexed-sort] "first rows of users"
JOIN orders o ON o.user_id = latest.id;  -- error: [unindexed-join] "orders is looked up by user_id"

WITH RECURSIVE tree AS (
  SELECT id FROM items WHERE id = $1
  UNION ALL
  SELECT i.id FROM items i
  JOIN tree t ON i.product_id = t.id  -- error: [unindexed-join] "items is looked up by product_id"
)
SELECT id FROM tree;
