-- dialect: sqlite
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT COLLATE NOCASE, code VARCHAR(9));
CREATE TABLE letters (id INTEGER PRIMARY KEY, email TEXT COLLATE NOCASE, code TEXT, number BIGINT);
CREATE INDEX letters_email ON letters (email);
CREATE INDEX letters_code ON letters (code);
CREATE INDEX letters_number ON letters (number);

SELECT l.id FROM users u JOIN letters l ON l.email = u.email WHERE u.id = 1;
SELECT l.id FROM users u JOIN letters l ON l.code = u.code WHERE u.id = 1;
SELECT l.id FROM users u JOIN letters l ON l.number = u.id WHERE u.id = 1;
