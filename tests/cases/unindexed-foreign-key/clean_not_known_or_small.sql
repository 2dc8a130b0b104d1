-- small-tables: country
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE country (code text PRIMARY KEY, owner bigint REFERENCES users (id));
CREATE TEMPORARY TABLE work (user_id bigint REFERENCES users (id));
CREATE TABLE copied (LIKE something_else INCLUDING ALL);
ALTER TABLE copied ADD FOREIGN KEY (user_id) REFERENCES users (id);
