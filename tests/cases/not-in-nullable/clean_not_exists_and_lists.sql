-- dialect: mysql
CREATE TABLE users (id bigint PRIMARY KEY, referrer_id bigint, status varchar(20), KEY (referrer_id));

SELECT id FROM users u WHERE NOT EXISTS (SELECT 1 FROM users r WHERE r.referrer_id = u.id);
SELECT u.id FROM users u LEFT JOIN users r ON r.referrer_id = u.id WHERE r.id IS NULL;
SELECT id FROM users WHERE id > 100 AND status NOT IN ('banned', 'deleted');
SELECT id FROM users WHERE id > 100 AND referrer_id NOT IN (1, 2);
SELECT id FROM users WHERE id IN (SELECT referrer_id FROM users);
