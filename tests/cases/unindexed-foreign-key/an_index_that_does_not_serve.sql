CREATE TABLE users (id bigint PRIMARY KEY, team bigint, UNIQUE (team, id));
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    user_id bigint REFERENCES users (id),  -- error: [unindexed-foreign-key] "no index of orders starts with user_id"
    open boolean
);
CREATE INDEX orders_open ON orders (user_id) WHERE open;

CREATE TABLE notes (
    id bigint PRIMARY KEY,
    team bigint,
    user_id bigint,
    FOREIGN KEY (team, user_id) REFERENCES users (team, id)  -- error: [unindexed-foreign-key] "no index of notes starts with team, user_id"
);
CREATE INDEX notes_team ON notes (team);
CREATE INDEX notes_brin ON notes USING brin (team, user_id);
