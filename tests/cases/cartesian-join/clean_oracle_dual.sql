-- dialect: oracle
CREATE TABLE accounts (id NUMBER(19) PRIMARY KEY, opened DATE);
CREATE TABLE bookings (id NUMBER(19) PRIMARY KEY, account_id NUMBER(19), amount NUMBER(12, 2));
CREATE INDEX bookings_account_id ON bookings (account_id);

SELECT a.id, SYSDATE FROM accounts a, dual;
SELECT a.id, b.amount FROM accounts a, bookings b WHERE b.account_id (+) = a.id;
