-- dialect: oracle
CREATE TABLE bookings (id NUMBER(19) PRIMARY KEY, amount NUMBER(12, 2));

DELETE FROM bookings WHERE ROWNUM <= 1000;
UPDATE bookings SET amount = 0 WHERE id = :1;
SELECT id FROM bookings WHERE id = :1 FOR UPDATE;
