-- What is joined says which rows are meant.
CREATE TABLE accounts (id bigint PRIMARY KEY, balance numeric);
CREATE TABLE imports (account_id bigint PRIMARY KEY, balance numeric);

UPDATE accounts a SET balance = i.balance FROM imports i WHERE i.account_id = a.id;
DELETE FROM accounts a USING imports i WHERE i.account_id = a.id;
DELETE FROM accounts WHERE id IN (SELECT account_id FROM imports);
MERGE INTO accounts a USING imports i ON i.account_id = a.id WHEN MATCHED THEN UPDATE SET balance = i.balance;
INSERT INTO accounts (id, balance) VALUES (1, 0) ON CONFLICT (id) DO UPDATE SET balance = excluded.balance;
