-- dialect: tsql
CREATE TABLE log (id int IDENTITY PRIMARY KEY, line nvarchar(400));

DELETE log;  -- error: [unbounded-write] "every row of log"
DELETE l FROM log l;  -- error: [unbounded-write] "every row of log"
