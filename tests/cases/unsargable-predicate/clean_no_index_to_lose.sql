-- No index starts with the column, so none is lost; nobody knows whether one would be worth it.
CREATE TABLE people (id bigint PRIMARY KEY, name text, town text, street text);
CREATE INDEX people_town_street ON people (town, street);

SELECT id FROM people WHERE lower(name) = $1;
SELECT id FROM people WHERE name LIKE '%son';
SELECT id FROM people WHERE lower(street) = $1;
