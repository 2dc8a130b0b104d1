CREATE TABLE users (id bigint PRIMARY KEY, name text);
-- lastcall: ignore[unindexed-filter] was slow once  -- error: [unused-ignore] "silences nothing"
SELECT id FROM users WHERE id = $1;
-- lastcall: ignore[unindexed-filter]  -- error: [unused-ignore] "gives no reason"
SELECT id
FROM users WHERE name = $1;  -- error: [unindexed-filter] "name"
