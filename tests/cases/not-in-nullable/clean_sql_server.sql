-- dialect: tsql
CREATE TABLE invoices (id int IDENTITY PRIMARY KEY, customer_id int NOT NULL);
CREATE TABLE customers (id int IDENTITY PRIMARY KEY, name nvarchar(100) NULL);

SELECT name FROM customers WHERE id NOT IN (SELECT customer_id FROM invoices);
SELECT id FROM invoices WHERE customer_id NOT IN (SELECT id FROM customers WHERE name IS NULL);
SELECT id FROM invoices WHERE customer_id NOT IN (SELECT TOP 10 id FROM customers ORDER BY id);
