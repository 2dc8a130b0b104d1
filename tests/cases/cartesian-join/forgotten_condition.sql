-- A report on last month's orders, whose author forgot to say whose orders they are.
CREATE TABLE customers (id bigint PRIMARY KEY, name text, country text);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers, placed date, total numeric);
CREATE INDEX orders_customer_id ON orders (customer_id);
CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint REFERENCES orders, product text);
CREATE INDEX items_order_id ON items (order_id);

SELECT c.name, sum(o.total)
FROM customers c, orders o  -- error: [cartesian-join] "nothing ties customers and orders to each other"
GROUP BY c.name;

SELECT c.name, o.placed FROM orders o
JOIN customers c ON true;  -- error: [cartesian-join] "customers and orders"

-- The condition is there, but ties two of the three only.
SELECT c.name, i.product
FROM orders o JOIN items i ON i.order_id = o.id, customers c;  -- error: [cartesian-join] "customers and items"

-- A typing error: the table is tied to itself.
SELECT c.name, o.total
FROM customers c JOIN orders o ON o.customer_id = o.customer_id;  -- error: [cartesian-join] "customers and orders"
