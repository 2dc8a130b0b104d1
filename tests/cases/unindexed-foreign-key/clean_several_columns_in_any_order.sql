CREATE TABLE users (id bigint, team bigint, PRIMARY KEY (team, id));
CREATE TABLE orders (id bigint PRIMARY KEY, team bigint, user_id bigint, FOREIGN KEY (team, user_id) REFERENCES users);
CREATE INDEX ON orders (user_id, team, id);
