CREATE TABLE users (id bigint PRIMARY KEY, name text);
-- lastcall: ignore[unindexed-filter] forty rows
SELECT id FROM users WHERE name = $1;
SELECT id FROM users WHERE name = $1; -- lastcall: ignore[unindexed-filter] forty rows
