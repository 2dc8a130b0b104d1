-- dialect: oracle
CREATE TABLE transactions (id NUMBER(19) PRIMARY KEY, account_id NUMBER(19), amount NUMBER(18, 2));

SELECT * FROM (SELECT t.* FROM transactions t
ORDER BY t.amount DESC) WHERE ROWNUM <= 10;  -- error: [unindexed-sort] "transactions are wanted by amount"

SELECT * FROM (SELECT t.*, ROWNUM rn FROM (SELECT * FROM transactions
ORDER BY account_id) t WHERE ROWNUM <= :high) WHERE rn > :low;  -- error: [unindexed-sort] "transactions are wanted by account_id"

SELECT * FROM (SELECT * FROM transactions ORDER BY id DESC) WHERE ROWNUM <= 10;
SELECT * FROM transactions WHERE ROWNUM <= 10 ORDER BY amount;
SELECT * FROM (SELECT * FROM transactions ORDER BY amount) WHERE ROWNUM <= 10 AND id = :id;
