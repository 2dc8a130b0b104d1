-- dialect: mysql
CREATE TABLE orders (id bigint PRIMARY KEY, placed datetime, number varchar(20), KEY orders_placed (placed), KEY orders_number (number))
  COLLATE=utf8mb4_0900_ai_ci;

SELECT id FROM orders WHERE DATE(placed) = '2026-11-21';  -- error: [unsargable-predicate] "orders_placed"
SELECT id FROM orders WHERE YEAR(placed) = 2026 AND MONTH(placed) = 11;  -- error: [unsargable-predicate] "orders_placed"
SELECT id FROM orders WHERE placed + INTERVAL 1 DAY > NOW();  -- error: [unsargable-predicate] "orders_placed"
SELECT id FROM orders WHERE number LIKE '%42';  -- error: [unsargable-predicate] "a wildcard"
UPDATE orders SET number = '' WHERE TRIM(number) = ?;  -- error: [unsargable-predicate] "orders_number"
SELECT id FROM orders WHERE number COLLATE utf8mb4_bin = ?;  -- error: [unsargable-predicate] "orders_number"
