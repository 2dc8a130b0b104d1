CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, owner bigint REFERENCES users (id));
ALTER TABLE orders RENAME owner TO user_id;
CREATE INDEX orders_user ON orders (user_id);
CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));
ALTER TABLE notes DROP CONSTRAINT notes_user_id_fkey;
