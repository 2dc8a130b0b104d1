-- What people write into a search form's query, and why it then reads the whole table.
CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, born date, code varchar(20));
CREATE INDEX users_born ON users (born);
CREATE INDEX users_code ON users (code);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, placed timestamptz, total numeric);
CREATE INDEX orders_user_id ON orders (user_id);
CREATE INDEX orders_placed ON orders (placed);

SELECT id FROM users WHERE lower(email) = lower($1);  -- error: [unsargable-predicate] "users_email_key of users cannot be used because of an expression around email"
SELECT id FROM users WHERE email ILIKE '%@example.org';  -- error: [unsargable-predicate] "ILIKE"
SELECT id FROM users WHERE email ILIKE 'ann%';  -- error: [unsargable-predicate] "ILIKE, which takes no notice of case"
SELECT id FROM users WHERE code LIKE '%-17';  -- error: [unsargable-predicate] "a wildcard in front of the pattern"
SELECT id FROM users WHERE extract(year FROM born) = 1999;  -- error: [unsargable-predicate] "users_born"
SELECT id FROM users WHERE coalesce(code, '') = $1;  -- error: [unsargable-predicate] "users_code"
SELECT id FROM users WHERE left(code, 3) = 'DE-';  -- error: [unsargable-predicate] "users_code"
SELECT id FROM orders WHERE placed::date = $1;  -- error: [unsargable-predicate] "orders_placed"
SELECT id FROM orders WHERE date_trunc('month', placed) = $1;  -- error: [unsargable-predicate] "orders_placed"
SELECT id FROM orders WHERE user_id + 0 = $1;  -- error: [unsargable-predicate] "orders_user_id"
SELECT id FROM orders WHERE user_id::text = $1;  -- error: [unsargable-predicate] "orders_user_id"
SELECT o.id, u.email FROM orders o JOIN users u ON u.id = o.user_id
WHERE to_char(o.placed, 'YYYY-MM') = '2026-11';  -- error: [unsargable-predicate] "orders_placed"
