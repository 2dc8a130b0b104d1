-- dialect: tsql
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, number bigint);
-- the release brings:
CREATE INDEX orders_user ON orders (user_id);  -- error: [blocking-index-build] "CREATE INDEX without ONLINE = ON"
CREATE INDEX orders_number ON orders (number) WITH (ONLINE = ON);
