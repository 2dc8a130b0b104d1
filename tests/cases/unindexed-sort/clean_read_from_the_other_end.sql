CREATE TABLE orders (id bigint PRIMARY KEY, open boolean NOT NULL, created timestamptz NOT NULL, paid timestamptz);
CREATE INDEX orders_paid ON orders (paid DESC NULLS LAST);
CREATE INDEX orders_open_created ON orders (open, created DESC);

SELECT id FROM orders ORDER BY paid DESC NULLS LAST LIMIT 10;
SELECT id FROM orders ORDER BY paid NULLS FIRST LIMIT 10;
SELECT id FROM orders ORDER BY open DESC, created LIMIT 10;
SELECT id FROM orders WHERE open ORDER BY created LIMIT 10;
SELECT id FROM orders WHERE (created, id) < ($1, $2) AND NOT open ORDER BY created DESC, id DESC LIMIT 20;
