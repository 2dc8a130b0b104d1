CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, status text, created timestamp);
CREATE INDEX orders_user ON orders (user_id);
CREATE INDEX orders_open ON orders (user_id, created) WHERE status = 'open';
CREATE INDEX orders_shut ON orders (user_id) WHERE status = 'shut';
