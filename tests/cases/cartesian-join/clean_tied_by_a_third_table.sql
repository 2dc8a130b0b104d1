-- dialect: tsql
-- Actors and films have nothing in common but their cast.
CREATE TABLE actors (id int PRIMARY KEY, name nvarchar(100));
CREATE TABLE films (id int PRIMARY KEY, title nvarchar(100));
CREATE TABLE casts (film_id int NOT NULL, actor_id int NOT NULL, PRIMARY KEY (film_id, actor_id));
CREATE INDEX casts_actor_id ON casts (actor_id);

SELECT a.name, f.title FROM actors a, films f, casts c WHERE c.actor_id = a.id AND c.film_id = f.id;
SELECT a.name, f.title FROM actors a, films f WHERE EXISTS (SELECT 1 FROM casts c WHERE c.actor_id = a.id AND c.film_id = f.id);
SELECT a.name FROM actors a WHERE EXISTS (SELECT 1 FROM films f WHERE f.id > 100);
SELECT a.name, last.title FROM actors a
CROSS APPLY (SELECT TOP 1 f.title FROM films f JOIN casts c ON c.film_id = f.id WHERE c.actor_id = a.id) last;
