-- dialect: sqlite
CREATE TABLE orders (id integer PRIMARY KEY, user_id integer);
-- the release brings:
CREATE INDEX orders_user ON orders (user_id);
