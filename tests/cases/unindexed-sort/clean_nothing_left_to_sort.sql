CREATE TABLE orders (id bigint PRIMARY KEY, number text NOT NULL UNIQUE, total numeric);

SELECT id FROM orders ORDER BY id DESC, total LIMIT 10;
SELECT id FROM orders ORDER BY number, total DESC LIMIT 10;
SELECT DISTINCT id, total FROM orders ORDER BY id LIMIT 10;
SELECT count(*) FROM orders ORDER BY count(*) LIMIT 1;
