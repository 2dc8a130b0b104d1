-- dialect: oracle
CREATE TABLE accounts (id NUMBER(19) PRIMARY KEY, reference VARCHAR2(40), status VARCHAR2(1));

MERGE INTO accounts a USING (SELECT :reference reference FROM dual) s
ON (a.reference = s.reference)  -- error: [unindexed-filter] "accounts is searched by reference"
WHEN MATCHED THEN UPDATE SET a.status = 'C' DELETE WHERE a.status = 'X';

MERGE INTO accounts a USING dual ON (a.id = :id) WHEN MATCHED THEN UPDATE SET a.status = 'C';
SELECT SYSDATE FROM dual;
