CREATE TABLE orders (id bigint PRIMARY KEY);
-- the release brings:
CREATE TABLE invoices (id bigint PRIMARY KEY, order_id bigint, number bigint);
CREATE INDEX invoices_order ON invoices (order_id);
ALTER TABLE invoices ADD UNIQUE (number);
