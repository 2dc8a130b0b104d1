-- dialect: mysql
-- Prices are to be raised for one supplier: for all of them, as it is written.
CREATE TABLE suppliers (id bigint PRIMARY KEY, name varchar(100), rate decimal(5, 2));
CREATE TABLE products (id bigint PRIMARY KEY, supplier_id bigint, price decimal(9, 2), KEY (supplier_id));

UPDATE products p
JOIN suppliers s  -- error: [cartesian-join] "products and suppliers"
SET p.price = p.price * s.rate;

DELETE p FROM products p
JOIN suppliers s ON s.name <> 'Acme';  -- error: [cartesian-join] "products and suppliers"
