CREATE TABLE users (id bigint PRIMARY KEY, name text);
SELECT id FROM users
WHERE name = $1; /* lastcall: ignore[unindexed-join, unindexed-filter] forty rows */
