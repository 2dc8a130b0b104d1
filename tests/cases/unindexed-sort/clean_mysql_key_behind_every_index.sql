-- dialect: mysql
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, created datetime, note text, KEY (created), KEY (user_id, created));

SELECT id FROM orders ORDER BY created DESC, id DESC LIMIT 10;
SELECT id FROM orders WHERE user_id = 5 ORDER BY created DESC LIMIT 10;
SELECT id FROM orders ORDER BY note LIMIT 10;
