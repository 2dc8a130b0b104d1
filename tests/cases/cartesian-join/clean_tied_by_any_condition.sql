-- A condition that speaks of both tables ties them, whatever it is.
CREATE TABLE customers (id bigint PRIMARY KEY, email text, phone text, region int4range);
CREATE TABLE letters (id bigint PRIMARY KEY, sender text, receiver text, zip int);
CREATE INDEX letters_sender ON letters (sender);
CREATE INDEX letters_receiver ON letters (receiver);

SELECT c.id, l.id FROM customers c, letters l WHERE c.email = l.sender;
SELECT c.id, l.id FROM customers c, letters l WHERE lower(c.email) = lower(l.sender);
SELECT c.id, l.id FROM customers c, letters l WHERE l.sender = c.email OR l.receiver = c.email;
SELECT c.id, l.id FROM customers c, letters l WHERE l.zip <@ c.region;
SELECT c.id, l.id FROM customers c JOIN letters l ON position(c.email IN l.sender) > 0;
SELECT c.id, l.id FROM customers c, letters l WHERE (c.email, c.phone) = (l.sender, l.receiver);
SELECT one.id, other.id FROM customers one JOIN customers other ON one.id < other.id;
SELECT c.id, l.id FROM customers c, letters l WHERE NOT (c.email IS DISTINCT FROM l.sender);
SELECT c.id, l.id FROM customers c, letters l WHERE coalesce(l.sender, l.receiver) = c.email;
