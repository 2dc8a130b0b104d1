-- dialect: tsql
CREATE TABLE visits (id int PRIMARY KEY, seen datetime2, ip nvarchar(45));
CREATE INDEX visits_seen ON visits (seen);

SELECT id FROM visits WHERE seen >= DATEADD(day, -1, GETDATE()) AND seen < GETDATE();
SELECT id FROM visits WHERE CAST(seen AS date) = @day;
SELECT id FROM visits WHERE id = CONVERT(int, @id);
