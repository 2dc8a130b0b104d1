CREATE TABLE users (id bigint PRIMARY KEY, team bigint, UNIQUE (team, id));
CREATE TABLE profiles (user_id bigint PRIMARY KEY REFERENCES users (id));
CREATE TABLE members (user_id bigint REFERENCES users (id), role text, PRIMARY KEY (user_id, role));
CREATE TABLE cards (id bigint PRIMARY KEY, user_id bigint UNIQUE REFERENCES users (id));
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id), created timestamp);
CREATE INDEX ON orders (user_id, created DESC);
CREATE TABLE visits (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));
CREATE INDEX ON visits USING hash (user_id);
