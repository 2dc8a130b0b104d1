CREATE TABLE users (id bigint PRIMARY KEY);
SELECT i.id FROM invoices i JOIN users u ON u.id = i.user_id;  -- error: [unknown-table] "invoices"
SELECT 1 FROM invoices WHERE id = 3;
