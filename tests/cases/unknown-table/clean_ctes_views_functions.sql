CREATE TABLE users (id bigint PRIMARY KEY);
CREATE VIEW people AS SELECT id FROM users;
SELECT id FROM people WHERE id = $1;
WITH x AS (SELECT id FROM users) SELECT id FROM x;
SELECT n FROM generate_series(1, 10) AS n;
