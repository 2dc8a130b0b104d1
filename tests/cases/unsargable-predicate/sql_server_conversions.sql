-- dialect: tsql
CREATE TABLE visits (id int PRIMARY KEY, seen datetime2, ip nvarchar(45));
CREATE INDEX visits_seen ON visits (seen);
CREATE INDEX visits_ip ON visits (ip);

SELECT id FROM visits WHERE CONVERT(varchar(7), seen, 120) = '2026-11';  -- error: [unsargable-predicate] "visits_seen"
SELECT id FROM visits WHERE ISNULL(ip, '') = @ip;  -- error: [unsargable-predicate] "visits_ip"
SELECT id FROM visits WHERE SUBSTRING(ip, 1, 3) = '10.';  -- error: [unsargable-predicate] "visits_ip"
