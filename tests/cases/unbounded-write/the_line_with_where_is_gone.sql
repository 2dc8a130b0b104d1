-- Somebody tried it out with another WHERE, and took that one away in the end.
CREATE TABLE sessions (id bigint PRIMARY KEY, user_id bigint, seen timestamptz, state text);
CREATE TABLE users (id bigint PRIMARY KEY, newsletter boolean NOT NULL);

DELETE FROM sessions;  -- error: [unbounded-write] "this DELETE has no condition: it changes every row of sessions"

UPDATE users SET newsletter = false;  -- error: [unbounded-write] "this UPDATE has no condition: it changes every row of users"

UPDATE sessions AS s SET state = 'closed', seen = now() RETURNING s.id;  -- error: [unbounded-write] "sessions"

-- The sub-query has a condition; the UPDATE itself has none, and so sets all others to null.
UPDATE sessions SET user_id =  -- error: [unbounded-write] "every row of sessions"
  (SELECT id FROM users WHERE users.id = sessions.user_id AND newsletter);

-- A filter of a CTE is none of the DELETE that does not read it.
WITH old AS (SELECT id FROM sessions WHERE id < 100)  -- error: [unbounded-write] "every row of sessions"
DELETE FROM sessions;
