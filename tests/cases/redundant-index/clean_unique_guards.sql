CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, number text, created timestamp);
CREATE UNIQUE INDEX orders_number ON orders (number);
CREATE INDEX orders_number_created ON orders (number, created);
