-- dialect: sqlite
CREATE TABLE colours (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE sizes (id INTEGER PRIMARY KEY, name TEXT);

SELECT c.name, s.name FROM colours c CROSS JOIN sizes s;
SELECT c.name, j.value FROM colours c, json_each('[1, 2]') j;
