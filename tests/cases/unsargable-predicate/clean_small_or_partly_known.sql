-- small-tables: countries
CREATE TABLE countries (id bigint PRIMARY KEY, code text UNIQUE);
CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, country_id bigint);
CREATE INDEX users_country_id ON users (country_id);

SELECT id FROM countries WHERE lower(code) = $1;
SELECT u.id FROM users u JOIN countries c ON c.id = u.country_id WHERE upper(c.code) = $1 AND u.email = $2;
SELECT id FROM users WHERE lower(email) IS NULL AND id = $1;
SELECT count(*) FROM users WHERE email IS NOT NULL;
SELECT id FROM users WHERE lower(email) <> $1;
SELECT id FROM users WHERE length(email) > 100 AND id = $1;
