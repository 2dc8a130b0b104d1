-- The index is on the very expression that the query asks for.
CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, settings jsonb, placed timestamp);
CREATE INDEX users_lower_email ON users (lower(email));
CREATE INDEX users_settings ON users (settings);
CREATE INDEX users_theme ON users ((settings ->> 'theme'));
CREATE INDEX users_placed ON users (placed);
CREATE INDEX users_day ON users ((placed::date));

SELECT id FROM users WHERE lower(email) = lower($1);
SELECT id FROM users u WHERE LOWER(u.email) IN ($1, $2);
SELECT id FROM users WHERE settings ->> 'theme' = 'dark';
SELECT id FROM users WHERE placed::date = $1;
