-- dialect: mysql
-- In batches, which lock little and can be stopped.
CREATE TABLE events (id bigint PRIMARY KEY, body text);

DELETE FROM events LIMIT 1000;
DELETE FROM events ORDER BY id LIMIT 1000;
UPDATE events SET body = '' ORDER BY id LIMIT 500;
