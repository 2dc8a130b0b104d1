-- dialect: tsql
CREATE TABLE orders (id bigint PRIMARY KEY, created datetime2, total decimal(9, 2));
CREATE INDEX orders_created ON orders (created);

SELECT TOP 10 PERCENT id FROM orders ORDER BY total;
SELECT TOP (10) id FROM orders ORDER BY created DESC;
SELECT id FROM orders ORDER BY created, id OFFSET 20 ROWS FETCH NEXT 10 ROWS ONLY;
