-- A table that one session has for itself is emptied by nobody else's leave.
CREATE TEMPORARY TABLE basket (id bigint, pieces int);
CREATE TABLE orders (id bigint PRIMARY KEY, pieces int);

INSERT INTO basket SELECT id, pieces FROM orders WHERE id = $1;
UPDATE basket SET pieces = 0;  -- error: [unknown-table] "it is a temporary table"
DELETE FROM basket;
