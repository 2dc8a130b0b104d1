-- dialect: tsql
-- An OR that ties two tables is a way from one to the other, and no filter.
CREATE TABLE users (id int PRIMARY KEY, email nvarchar(100) UNIQUE);
CREATE TABLE letters (id int PRIMARY KEY, sender_id int, receiver_id int);
CREATE INDEX letters_sender_id ON letters (sender_id);
CREATE INDEX letters_receiver_id ON letters (receiver_id);

SELECT l.id FROM users u JOIN letters l ON l.sender_id = u.id OR l.receiver_id = u.id WHERE u.email = @email;
SELECT l.id FROM letters l WHERE l.sender_id = @user OR l.receiver_id = @user;
