-- dialect: oracle
CREATE TABLE accounts (id NUMBER(19) PRIMARY KEY, iban VARCHAR2(34), opened DATE);
CREATE INDEX accounts_iban ON accounts (iban);
CREATE INDEX accounts_iban_upper ON accounts (UPPER(iban));
CREATE INDEX accounts_opened ON accounts (opened);
CREATE INDEX accounts_opened_day ON accounts (TRUNC(opened));

SELECT id FROM accounts WHERE UPPER(iban) = :1;
SELECT id FROM accounts WHERE TRUNC(opened) = TRUNC(SYSDATE);
SELECT id FROM accounts WHERE opened >= TRUNC(SYSDATE) AND opened < TRUNC(SYSDATE) + 1;
SELECT id FROM accounts WHERE iban = TO_CHAR(:1);
