CREATE TABLE users (id bigint PRIMARY KEY, code varchar(20), score numeric, name text COLLATE "C", label char(8));
CREATE TABLE payments (id bigint PRIMARY KEY, user_code bigint, score integer, name text, label varchar(8));
CREATE INDEX payments_user_code ON payments (user_code);
CREATE INDEX payments_score ON payments (score);
CREATE INDEX payments_name ON payments (name);
CREATE INDEX payments_label ON payments (label);

SELECT p.id FROM users u
JOIN payments p ON p.user_code = u.code  -- error: [mismatched-join-types] "the server refuses to compare them"
WHERE u.id = $1;

SELECT p.id FROM users u
JOIN payments p ON p.score = u.score  -- error: [mismatched-join-types] "payments.score is converted for every row"
WHERE u.id = $1;

SELECT p.id FROM users u
JOIN payments p ON p.name = u.name  -- error: [mismatched-join-types] "payments.name (TEXT) is joined with users.name (TEXT COLLATE c)"
WHERE u.id = $1;

SELECT p.id FROM users u
JOIN payments p ON p.label = u.label  -- error: [mismatched-join-types] "payments.label is converted for every row"
WHERE u.id = $1;
