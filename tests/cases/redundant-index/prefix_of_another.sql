CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, status text, created timestamp);
CREATE INDEX orders_user ON orders (user_id);  -- error: [redundant-index] "orders_user of orders does nothing that orders_user_created"
CREATE INDEX orders_user_created ON orders (user_id, created);
CREATE INDEX orders_open ON orders (user_id) WHERE status = 'open';  -- error: [redundant-index] "orders_open_created"
CREATE INDEX orders_open_created ON orders (user_id, created) WHERE ((status)::text = 'open'::text);
CREATE INDEX orders_latest ON orders (status, created DESC);
CREATE INDEX orders_status_back ON orders (status DESC);  -- error: [redundant-index] "orders_latest"
