-- dialect: oracle
CREATE TABLE orders (id number PRIMARY KEY, user_id number);
-- the release brings:
CREATE INDEX orders_user ON orders (user_id) ONLINE;
