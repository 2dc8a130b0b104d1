CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, created timestamp, total numeric);
CREATE INDEX orders_covering ON orders (user_id) INCLUDE (total);
CREATE INDEX orders_longer ON orders (user_id, created);
