CREATE TABLE users (id bigint PRIMARY KEY, name text COLLATE "C");
CREATE TABLE letters (id bigint PRIMARY KEY, name text);
CREATE INDEX letters_name ON letters (name COLLATE "C");

SELECT l.id FROM users u JOIN letters l ON l.name = u.name WHERE u.id = $1;
