-- dialect: mysql
CREATE TABLE users (id bigint PRIMARY KEY, email varchar(200), created datetime, UNIQUE KEY users_email (email),
  KEY users_day ((CAST(created AS DATE))), KEY users_created (created));

SELECT id FROM users WHERE email = LOWER(?);
SELECT id FROM users WHERE email LIKE 'ann%';
SELECT id FROM users WHERE created >= '2026-11-01' AND created < '2026-11-01' + INTERVAL 1 MONTH;
SELECT id FROM users WHERE CAST(created AS DATE) = '2026-11-21';
SELECT id FROM users WHERE created BETWEEN DATE(?) AND NOW();
