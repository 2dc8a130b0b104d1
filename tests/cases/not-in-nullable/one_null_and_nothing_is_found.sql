-- Who has never been anybody's manager?  The boss has no manager, and so nobody is found.
CREATE TABLE employees (id bigint PRIMARY KEY, name text, manager_id bigint REFERENCES employees);
CREATE INDEX employees_manager_id ON employees (manager_id);

SELECT name FROM employees
WHERE id NOT IN (SELECT manager_id FROM employees);  -- error: [not-in-nullable] "manager_id of employees may be null"

SELECT name FROM employees
WHERE NOT (id IN (SELECT e.manager_id FROM employees e));  -- error: [not-in-nullable] "manager_id of employees"

SELECT name FROM employees
WHERE id <> ALL (SELECT manager_id FROM employees);  -- error: [not-in-nullable] "manager_id of employees"

-- A filter on another column does not keep the nulls away.
SELECT name FROM employees
WHERE id NOT IN (SELECT manager_id FROM employees WHERE id > 100);  -- error: [not-in-nullable] "manager_id of employees"
