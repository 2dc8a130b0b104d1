-- dialect: sqlite
-- LIKE takes no notice of case here, and an index that does cannot be used for it.
CREATE TABLE songs (id INTEGER PRIMARY KEY, title TEXT, year INTEGER);
CREATE INDEX songs_title ON songs (title);
CREATE INDEX songs_year ON songs (year);

SELECT id FROM songs WHERE title LIKE 'Love%';  -- error: [unsargable-predicate] "the collation in which title is compared"
SELECT id FROM songs WHERE title = ? COLLATE NOCASE;  -- error: [unsargable-predicate] "the collation in which title is compared"
SELECT id FROM songs WHERE CAST(year AS TEXT) = ?;  -- error: [unsargable-predicate] "songs_year"
