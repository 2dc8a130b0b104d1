CREATE TABLE users (id bigint PRIMARY KEY);
SELECT id FROM users WHERE id = = 1;  -- error: [unread-query] "could not be read"
SELECT id FROM users WHERE id = 1;
