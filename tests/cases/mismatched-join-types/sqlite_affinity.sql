-- dialect: sqlite
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT COLLATE NOCASE);
CREATE TABLE letters (id INTEGER PRIMARY KEY, email TEXT, user_id TEXT);
CREATE INDEX letters_email ON letters (email);
CREATE INDEX letters_user_id ON letters (user_id);

SELECT l.id FROM users u
JOIN letters l ON l.user_id = u.id  -- error: [mismatched-join-types] "letters.user_id (TEXT) is joined with users.id (INTEGER)"
WHERE u.id = 1;

SELECT l.id FROM users u
JOIN letters l ON u.email = l.email  -- error: [mismatched-join-types] "letters.email is converted for every row"
WHERE u.id = 1;
