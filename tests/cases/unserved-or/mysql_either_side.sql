-- dialect: mysql
CREATE TABLE persons (id bigint PRIMARY KEY, name varchar(100), KEY (name));
CREATE TABLE companies (id bigint PRIMARY KEY, owner_id bigint, name varchar(100), KEY (owner_id), KEY (name));

SELECT c.id FROM companies c JOIN persons p ON p.id = c.owner_id
WHERE c.name LIKE 'Ann%' OR p.name LIKE 'Ann%';  -- error: [unserved-or] "companies and persons"
