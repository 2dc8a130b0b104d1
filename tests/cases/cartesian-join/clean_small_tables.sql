-- small-tables: currencies, countries
-- A matrix of two lists that hardly ever change, and one of them beside a large table.
CREATE TABLE currencies (code text PRIMARY KEY, rate numeric);
CREATE TABLE countries (code text PRIMARY KEY, name text);
CREATE TABLE invoices (id bigint PRIMARY KEY, total numeric);

SELECT c.name, r.code FROM countries c, currencies r;
SELECT i.id, r.code, i.total * r.rate FROM invoices i, currencies r;
