-- dialect: mysql
-- Pictures that no article shows any more are thrown away; since one article has no picture, none ever is.
CREATE TABLE pictures (id bigint PRIMARY KEY, path varchar(200));
CREATE TABLE articles (id bigint PRIMARY KEY, picture_id bigint, title varchar(200), KEY (picture_id));

DELETE FROM pictures
WHERE id NOT IN (SELECT picture_id FROM articles);  -- error: [not-in-nullable] "picture_id of articles may be null"

SELECT path FROM pictures
WHERE id NOT IN (SELECT DISTINCT picture_id FROM articles)  -- error: [not-in-nullable] "picture_id of articles"
ORDER BY id LIMIT 10;
