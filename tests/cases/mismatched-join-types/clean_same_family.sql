CREATE TABLE users (id bigint PRIMARY KEY, email varchar(200), born date, rate real);
CREATE TABLE letters (id bigint PRIMARY KEY, user_id integer, email text, sent timestamptz, rate double precision);
CREATE INDEX letters_user_id ON letters (user_id);
CREATE INDEX letters_email ON letters (email);
CREATE INDEX letters_sent ON letters (sent);
CREATE INDEX letters_rate ON letters (rate);

SELECT l.id FROM users u JOIN letters l ON l.user_id = u.id WHERE u.id = $1;
SELECT l.id FROM users u JOIN letters l ON l.email = u.email WHERE u.id = $1;
SELECT l.id FROM users u JOIN letters l ON l.sent = u.born WHERE u.id = $1;
SELECT l.id FROM users u JOIN letters l ON l.rate = u.rate WHERE u.id = $1;
