-- dialect: mysql
CREATE TABLE accounts (id bigint PRIMARY KEY, balance decimal(12, 2));
CREATE TABLE imports (account_id bigint PRIMARY KEY, balance decimal(12, 2));

UPDATE accounts a JOIN imports i ON i.account_id = a.id SET a.balance = i.balance;
DELETE a FROM accounts a JOIN imports i ON i.account_id = a.id;
REPLACE INTO imports (account_id, balance) VALUES (1, 0);
