-- Forty-two queries on Chinook as an application of it would ask them, for `make judge`: written for that, and for no schema variant in particular.

-- The pages of a shop
SELECT t.track_id, t.name, t.unit_price FROM track t WHERE t.track_id = $1;
SELECT a.album_id, a.title, ar.name FROM album a JOIN artist ar ON ar.artist_id = a.artist_id WHERE a.album_id = $1;
SELECT t.track_id, t.name, t.milliseconds FROM track t WHERE t.album_id = $1 ORDER BY t.track_id;
SELECT a.album_id, a.title FROM artist ar JOIN album a ON a.artist_id = ar.artist_id WHERE ar.artist_id = $1 ORDER BY a.title;
SELECT ar.name, a.title, t.name FROM artist ar JOIN album a USING (artist_id) JOIN track t USING (album_id) WHERE ar.name = $1;
SELECT g.name, count(*) FROM genre g JOIN track t ON t.genre_id = g.genre_id WHERE g.genre_id = $1 GROUP BY g.name;
SELECT p.name, t.name FROM playlist p JOIN playlist_track pt ON pt.playlist_id = p.playlist_id JOIN track t ON t.track_id = pt.track_id WHERE p.playlist_id = $1;
SELECT p.name FROM playlist p JOIN playlist_track pt ON pt.playlist_id = p.playlist_id WHERE pt.track_id = $1;
SELECT track_id, name FROM track ORDER BY name LIMIT 50;
SELECT track_id, name FROM track WHERE (name, track_id) > ($1, $2) ORDER BY name, track_id LIMIT 50;
SELECT track_id, name, unit_price FROM track ORDER BY track_id DESC LIMIT 10;
SELECT track_id, name FROM track WHERE composer LIKE '%Bach%' LIMIT 20;
SELECT artist_id, name FROM artist WHERE name LIKE 'Iron%' ORDER BY name LIMIT 20;

-- Its customers and what they bought
SELECT customer_id, first_name, last_name FROM customer WHERE email = $1;
SELECT i.invoice_id, i.invoice_date, i.total FROM invoice i WHERE i.customer_id = $1 ORDER BY i.invoice_date DESC LIMIT 20;
SELECT c.email, i.invoice_id, il.track_id, il.quantity FROM customer c JOIN invoice i ON i.customer_id = c.customer_id JOIN invoice_line il ON il.invoice_id = i.invoice_id WHERE c.email = $1;
SELECT il.invoice_line_id, t.name, al.title FROM invoice_line il JOIN track t ON t.track_id = il.track_id LEFT JOIN album al ON al.album_id = t.album_id WHERE il.invoice_id = $1;
SELECT sum(il.quantity * il.unit_price) FROM invoice_line il WHERE il.track_id = $1;
SELECT c.customer_id FROM customer c WHERE EXISTS (SELECT 1 FROM invoice i WHERE i.customer_id = c.customer_id AND i.invoice_id = $1);
SELECT c.customer_id, (SELECT max(i.invoice_date) FROM invoice i WHERE i.customer_id = c.customer_id) FROM customer c WHERE c.support_rep_id = $1;
SELECT c.customer_id FROM customer c WHERE c.country = $1 AND NOT EXISTS (SELECT 1 FROM invoice i WHERE i.customer_id = c.customer_id);
SELECT t.name FROM track t WHERE t.track_id IN (SELECT il.track_id FROM invoice_line il JOIN invoice i ON i.invoice_id = il.invoice_id WHERE i.customer_id = $1);
SELECT DISTINCT ar.name FROM customer c JOIN invoice i ON i.customer_id = c.customer_id JOIN invoice_line il ON il.invoice_id = i.invoice_id JOIN track t ON t.track_id = il.track_id JOIN album al ON al.album_id = t.album_id JOIN artist ar ON ar.artist_id = al.artist_id WHERE c.customer_id = $1;
SELECT i.invoice_id FROM invoice i WHERE i.invoice_date BETWEEN $1 AND $2 AND i.billing_country = $3;
SELECT i.invoice_id FROM invoice i WHERE i.invoice_date >= $1 ORDER BY i.invoice_date LIMIT 100;
SELECT i.billing_country, sum(i.total) FROM invoice i GROUP BY i.billing_country ORDER BY sum(i.total) DESC;

-- The people who work there
SELECT e.employee_id, m.last_name FROM employee e LEFT JOIN employee m ON m.employee_id = e.reports_to WHERE e.employee_id = $1;
SELECT r.employee_id, r.last_name FROM employee m JOIN employee r ON r.reports_to = m.employee_id WHERE m.email = $1;
WITH RECURSIVE below AS (SELECT employee_id FROM employee WHERE employee_id = $1 UNION ALL SELECT e.employee_id FROM employee e JOIN below b ON e.reports_to = b.employee_id) SELECT count(*) FROM below;
SELECT e.last_name, sum(i.total) FROM employee e JOIN customer c ON c.support_rep_id = e.employee_id JOIN invoice i ON i.customer_id = c.customer_id WHERE e.employee_id = $1 GROUP BY e.last_name;

-- As an ORM writes them
SELECT "track"."track_id", "track"."name", "album"."title" FROM "track" LEFT OUTER JOIN "album" ON ("track"."album_id" = "album"."album_id") WHERE "track"."genre_id" = %s ORDER BY "track"."name" ASC LIMIT 21;
SELECT COUNT(*) AS "__count" FROM "invoice_line" INNER JOIN "invoice" ON ("invoice_line"."invoice_id" = "invoice"."invoice_id") WHERE "invoice"."customer_id" = %s;
SELECT "playlist_track"."playlist_id", "track"."name" FROM "track" INNER JOIN "playlist_track" ON ("track"."track_id" = "playlist_track"."track_id") WHERE "playlist_track"."playlist_id" IN (%s, %s, %s);
SELECT COUNT(*) FROM (SELECT DISTINCT "customer"."customer_id" AS col1 FROM "customer" INNER JOIN "invoice" ON ("customer"."customer_id" = "invoice"."customer_id") WHERE "invoice"."total" = %s) subquery;
SELECT anon.customer_id, anon.last_name, i.invoice_id FROM (SELECT c.customer_id, c.last_name FROM customer c ORDER BY c.customer_id LIMIT %(limit)s) AS anon LEFT OUTER JOIN invoice i ON i.customer_id = anon.customer_id;
SELECT (1) AS "a" FROM "customer" WHERE ("customer"."email" = %s AND NOT ("customer"."customer_id" = %s)) LIMIT 1;

-- Reports and clean-up
WITH top AS (SELECT il.track_id, sum(il.quantity) AS sold FROM invoice_line il GROUP BY il.track_id ORDER BY sold DESC LIMIT 10) SELECT t.name, top.sold FROM top JOIN track t ON t.track_id = top.track_id;
SELECT g.name, x.n FROM genre g JOIN (SELECT genre_id, count(*) AS n FROM track GROUP BY genre_id) x ON x.genre_id = g.genre_id;
SELECT i.invoice_id FROM invoice i LEFT JOIN invoice_line il ON il.invoice_id = i.invoice_id WHERE il.invoice_line_id IS NULL;
UPDATE track SET unit_price = $2 WHERE album_id = $1;
DELETE FROM playlist_track WHERE track_id = $1;
DELETE FROM invoice_line USING invoice WHERE invoice.invoice_id = invoice_line.invoice_id AND invoice.customer_id = $1;
