CREATE TABLE public.users (id bigint PRIMARY KEY);
CREATE TABLE audit.log (id bigint PRIMARY KEY);
SELECT u.id FROM users u JOIN audit.log l ON l.id = u.id WHERE u.id = 1;
SELECT id FROM log WHERE id = 1;
