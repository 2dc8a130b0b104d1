-- dialect: mysql
CREATE TABLE users (id bigint PRIMARY KEY AUTO_INCREMENT, email varchar(200), UNIQUE KEY (email)) ENGINE=InnoDB;
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, FOREIGN KEY (user_id) REFERENCES users (id)) ENGINE=InnoDB;
SELECT o.id FROM users u JOIN orders o ON o.user_id = u.id WHERE u.email = ?;
