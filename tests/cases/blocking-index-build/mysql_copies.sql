-- dialect: mysql
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, words text);
-- the release brings:
CREATE INDEX orders_user ON orders (user_id) ALGORITHM = COPY;  -- error: [blocking-index-build] "ALGORITHM=COPY"
ALTER TABLE orders ADD INDEX orders_both (id, user_id), LOCK=SHARED;  -- error: [blocking-index-build] "LOCK=SHARED"
ALTER TABLE orders ADD FULLTEXT INDEX orders_words (words);  -- error: [blocking-index-build] "FULLTEXT index"
