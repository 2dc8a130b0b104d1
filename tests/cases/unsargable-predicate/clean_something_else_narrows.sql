-- The wrapped column is looked at in the few rows that another filter leaves.
CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, team_id bigint, created timestamptz);
CREATE INDEX users_team_id ON users (team_id);
CREATE INDEX users_created ON users (created);

SELECT id FROM users WHERE team_id = $1 AND lower(email) = $2;
SELECT id FROM users WHERE team_id = $1 AND created::date = current_date;
SELECT id FROM users WHERE id IN ($1, $2, $3) AND email LIKE '%@example.org';
SELECT created::date, count(*) FROM users WHERE team_id = $1 GROUP BY created::date;
SELECT lower(email), created::date FROM users WHERE email = $1;
SELECT id FROM users WHERE created >= $1 AND created < $2 AND extract(hour FROM created) = 12;
SELECT id FROM users WHERE team_id = $1 ORDER BY lower(email);
