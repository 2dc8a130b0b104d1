-- dialect: mysql
CREATE TABLE orders (id bigint PRIMARY KEY, status varchar(20), created datetime, total decimal(9, 2), KEY (created), KEY (status(5)));

SELECT id FROM orders ORDER BY created DESC, total LIMIT 10;  -- error: [unindexed-sort] "wanted by created, total"

SELECT id FROM orders ORDER BY status LIMIT 10;  -- error: [unindexed-sort] "no index of orders has that order"
