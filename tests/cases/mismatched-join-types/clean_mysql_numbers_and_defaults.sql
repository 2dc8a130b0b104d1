-- dialect: mysql
CREATE TABLE users (id int unsigned PRIMARY KEY, total decimal(9, 2), email varchar(100));
CREATE TABLE letters (id bigint PRIMARY KEY, user_id bigint, total double, email varchar(100) CHARACTER SET latin1,
  KEY (user_id), KEY (total), KEY (email));

SELECT l.id FROM users u JOIN letters l ON l.user_id = u.id WHERE u.id = 1;
SELECT l.id FROM users u JOIN letters l ON l.total = u.total WHERE u.id = 1;
SELECT l.id FROM users u JOIN letters l ON l.email = u.email WHERE u.id = 1;
