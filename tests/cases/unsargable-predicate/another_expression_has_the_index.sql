-- An index on one expression is none on another that only looks like it.
CREATE TABLE users (id bigint PRIMARY KEY, settings jsonb, born date);
CREATE INDEX users_settings ON users (settings);
CREATE INDEX users_theme ON users ((settings ->> 'theme'));
CREATE INDEX users_born ON users (born);
CREATE INDEX users_birth_month ON users (extract(month FROM born));

SELECT id FROM users WHERE settings ->> 'colour' = 'red';  -- error: [unsargable-predicate] "users_settings"
SELECT id FROM users WHERE settings ->> 'theme' = 'dark';
SELECT id FROM users WHERE extract(year FROM born) = 1999;  -- error: [unsargable-predicate] "users_born"
SELECT id FROM users WHERE extract(month FROM born) = 12;
