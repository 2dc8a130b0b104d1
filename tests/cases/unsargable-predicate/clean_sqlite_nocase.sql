-- dialect: sqlite
CREATE TABLE songs (id INTEGER PRIMARY KEY, title TEXT COLLATE NOCASE, path TEXT);
CREATE INDEX songs_title ON songs (title);
CREATE INDEX songs_path ON songs (path);
CREATE INDEX songs_path_nocase ON songs (path COLLATE NOCASE);

SELECT id FROM songs WHERE title LIKE 'Love%';
SELECT id FROM songs WHERE title = 'love me do';
SELECT id FROM songs WHERE path GLOB '/music/*';
SELECT id FROM songs WHERE path = ? COLLATE NOCASE;
