-- dialect: mysql
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE);
ALTER TABLE orders ADD COLUMN team_id bigint, ADD FOREIGN KEY (team_id) REFERENCES users (id);
