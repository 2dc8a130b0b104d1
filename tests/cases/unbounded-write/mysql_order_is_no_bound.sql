-- dialect: mysql
CREATE TABLE jobs (id bigint PRIMARY KEY, done tinyint(1), KEY (done));

UPDATE jobs SET done = 1 ORDER BY id;  -- error: [unbounded-write] "every row of jobs"
