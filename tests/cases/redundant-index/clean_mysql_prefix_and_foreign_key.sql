-- dialect: mysql
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE words (
    id bigint PRIMARY KEY,
    user_id bigint,
    text varchar(200),
    KEY words_text (text),
    KEY words_start (text(10), user_id),
    KEY words_user (user_id, text),
    FOREIGN KEY (user_id) REFERENCES users (id)
);
