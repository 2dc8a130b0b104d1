-- dialect: tsql
CREATE TABLE log (id int IDENTITY PRIMARY KEY, line nvarchar(400), level int);
CREATE TABLE levels (id int PRIMARY KEY, name nvarchar(20));

DELETE TOP (1000) FROM log;
DELETE TOP (1000) log;
UPDATE TOP (100) log SET level = 0 OUTPUT inserted.id;
DELETE log WHERE id = 7;
DELETE l FROM log l JOIN levels v ON v.id = l.level;
UPDATE l SET l.line = v.name FROM log l JOIN levels v ON v.id = l.level;
UPDATE log SET log.line = v.name FROM log JOIN levels v ON v.id = log.level;
