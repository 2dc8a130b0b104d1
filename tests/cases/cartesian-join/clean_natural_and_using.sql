-- dialect: mysql
CREATE TABLE customers (customer_id bigint PRIMARY KEY, name varchar(100));
CREATE TABLE orders (order_id bigint PRIMARY KEY, customer_id bigint, KEY (customer_id));
CREATE TABLE items (item_id bigint PRIMARY KEY, order_id bigint, KEY (order_id));

SELECT name, order_id FROM customers NATURAL JOIN orders;
SELECT name, item_id FROM customers JOIN orders USING (customer_id) JOIN items USING (order_id);
SELECT c.name, o.order_id FROM orders o STRAIGHT_JOIN customers c ON c.customer_id = o.customer_id;
