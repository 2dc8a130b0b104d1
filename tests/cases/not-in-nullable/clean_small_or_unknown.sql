-- small-tables: banned_words
-- What is not in the schema may well be NOT NULL.
CREATE TABLE posts (id bigint PRIMARY KEY, word text);
CREATE TABLE banned_words (word text);

SELECT id FROM posts WHERE word NOT IN (SELECT word FROM banned_words);
SELECT id FROM posts WHERE id NOT IN (SELECT id FROM posts TABLESAMPLE SYSTEM (10));
