-- dialect: oracle
CREATE TABLE users (id NUMBER(19) PRIMARY KEY, name VARCHAR2(50));
CREATE TABLE letters (id NUMBER(19) PRIMARY KEY, user_id INTEGER, name VARCHAR2(50 CHAR));
CREATE INDEX letters_user_id ON letters (user_id);
CREATE INDEX letters_name ON letters (name);

SELECT l.id FROM users u JOIN letters l ON l.user_id = u.id WHERE u.id = 1;
SELECT l.id FROM users u JOIN letters l ON l.name = u.name WHERE u.id = 1;
