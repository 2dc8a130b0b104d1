-- dialect: sqlite
-- An INTEGER PRIMARY KEY is the row's own number, and that is never null; neither is one of a table WITHOUT ROWID.
CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT);
CREATE TABLE tags (name TEXT PRIMARY KEY) WITHOUT ROWID;

SELECT id FROM notes WHERE id NOT IN (SELECT id FROM notes WHERE body IS NULL);
SELECT id FROM notes WHERE body NOT IN (SELECT name FROM tags);
