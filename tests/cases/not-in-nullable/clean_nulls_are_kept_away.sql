CREATE TABLE users (id bigint PRIMARY KEY, referrer_id bigint REFERENCES users, name text);
CREATE INDEX users_referrer_id ON users (referrer_id);

SELECT id FROM users WHERE id NOT IN (SELECT referrer_id FROM users WHERE referrer_id IS NOT NULL);
SELECT id FROM users WHERE id NOT IN (SELECT r.referrer_id FROM users r WHERE NOT r.referrer_id IS NULL);
SELECT id FROM users WHERE id NOT IN (SELECT referrer_id FROM users WHERE referrer_id > 0);
SELECT id FROM users WHERE id NOT IN (SELECT coalesce(referrer_id, 0) FROM users);
SELECT id FROM users WHERE id NOT IN (SELECT r.referrer_id FROM users r JOIN users u ON u.id = r.referrer_id);
SELECT id FROM users WHERE id NOT IN (SELECT referrer_id FROM users WHERE referrer_id IN ($1, $2));
