CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, created timestamp, total numeric);
CREATE INDEX orders_1 ON orders (user_id, created);
CREATE INDEX orders_2 ON orders (created, user_id);
CREATE INDEX orders_3 ON orders (user_id, created DESC);
CREATE INDEX orders_4 ON orders (total NULLS FIRST);
CREATE INDEX orders_5 ON orders (total, created);
