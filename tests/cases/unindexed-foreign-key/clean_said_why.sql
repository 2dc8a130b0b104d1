CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    -- lastcall: ignore[unindexed-foreign-key] users are never deleted
    user_id bigint REFERENCES users (id)
);
