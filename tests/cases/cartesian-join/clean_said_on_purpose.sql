-- Every size in every colour: CROSS JOIN says that it is meant.
CREATE TABLE colours (id bigint PRIMARY KEY, name text);
CREATE TABLE sizes (id bigint PRIMARY KEY, name text);
CREATE TABLE stock (colour_id bigint, size_id bigint, pieces int, PRIMARY KEY (colour_id, size_id));

SELECT c.name, s.name FROM colours c CROSS JOIN sizes s;
SELECT c.name, s.name, coalesce(stock.pieces, 0)
FROM colours c CROSS JOIN sizes s LEFT JOIN stock ON stock.colour_id = c.id AND stock.size_id = s.id;
