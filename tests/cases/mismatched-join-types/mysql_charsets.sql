-- dialect: mysql
CREATE TABLE users (id bigint PRIMARY KEY, email varchar(100), name varchar(50), KEY (email)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE letters (
  id bigint PRIMARY KEY,
  email varchar(100),
  name varchar(50) COLLATE utf8mb4_0900_ai_ci,
  KEY (email), KEY (name)
) DEFAULT CHARSET=utf8;

SELECT l.id FROM users u
JOIN letters l ON l.email = u.email  -- error: [mismatched-join-types] "letters.email is converted for every row"
WHERE u.id = 1;

SELECT l.id FROM users u
JOIN letters l ON l.name = u.name  -- error: [mismatched-join-types] "the server refuses to compare them"
WHERE u.id = 1;
