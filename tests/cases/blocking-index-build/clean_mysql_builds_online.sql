-- dialect: mysql
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, number bigint);
-- the release brings:
CREATE INDEX orders_user ON orders (user_id);
ALTER TABLE orders ADD UNIQUE KEY (number), ALGORITHM=INPLACE, LOCK=NONE;
