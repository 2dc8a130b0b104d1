-- Whoever writes `WHERE true` or TRUNCATE means every row, and has said so.
CREATE TABLE caches (id bigint PRIMARY KEY, body text);

DELETE FROM caches WHERE true;
DELETE FROM caches WHERE 1 = 1;
TRUNCATE caches;
TRUNCATE TABLE caches RESTART IDENTITY CASCADE;
