-- Forty-two queries on Pagila as an application of it would ask them, for `make judge`: written for that, and for no schema variant in particular.

-- Looking for a film
SELECT film_id, title, description FROM film WHERE film_id = $1;
SELECT film_id, title FROM film WHERE title = $1;
SELECT film_id, title FROM film WHERE title LIKE 'ACADEMY%';
SELECT f.film_id, f.title FROM film f JOIN film_category fc ON fc.film_id = f.film_id JOIN category c ON c.category_id = fc.category_id WHERE c.name = $1 ORDER BY f.title LIMIT 20;
SELECT f.title FROM actor a JOIN film_actor fa ON fa.actor_id = a.actor_id JOIN film f ON f.film_id = fa.film_id WHERE a.last_name = $1;
SELECT a.first_name, a.last_name FROM film_actor fa JOIN actor a USING (actor_id) WHERE fa.film_id = $1;
SELECT f.title FROM film f WHERE EXISTS (SELECT 1 FROM film_actor fa WHERE fa.film_id = f.film_id AND fa.actor_id = $1);
SELECT f.title FROM film f WHERE f.film_id IN (SELECT fa.film_id FROM film_actor fa JOIN actor a ON a.actor_id = fa.actor_id WHERE a.last_name = $1 AND a.first_name = $2);
SELECT l.name, count(*) FROM language l JOIN film f ON f.language_id = l.language_id GROUP BY l.name;
SELECT f.title, l.name FROM film f JOIN language l ON l.language_id = f.language_id LEFT JOIN language o ON o.language_id = f.original_language_id WHERE f.film_id = $1;
SELECT film_id, title FROM film WHERE length BETWEEN $1 AND $2 AND rental_rate = $3;
SELECT film_id, title FROM film ORDER BY last_update DESC LIMIT 10;
SELECT film_id, title FROM film WHERE title > $1 ORDER BY title LIMIT 25;
SELECT film_id FROM film WHERE lower(title) = lower($1);

-- What stands in a store
SELECT i.inventory_id FROM inventory i WHERE i.film_id = $1 AND i.store_id = $2;
SELECT i.inventory_id FROM inventory i WHERE i.film_id = $1;
SELECT s.store_id, count(*) FROM store s JOIN inventory i ON i.store_id = s.store_id WHERE s.store_id = $1 GROUP BY s.store_id;
SELECT i.inventory_id FROM inventory i WHERE i.film_id = $1 AND NOT EXISTS (SELECT 1 FROM rental r WHERE r.inventory_id = i.inventory_id AND r.return_date IS NULL);
SELECT s.store_id, st.last_name, a.address FROM store s JOIN staff st ON st.staff_id = s.manager_staff_id JOIN address a ON a.address_id = s.address_id WHERE s.store_id = $1;
SELECT st.staff_id FROM staff st WHERE st.username = $1;

-- Rentals and payments
SELECT r.rental_id, r.rental_date FROM rental r WHERE r.customer_id = $1 ORDER BY r.rental_date DESC LIMIT 10;
SELECT r.rental_id, f.title FROM rental r JOIN inventory i ON i.inventory_id = r.inventory_id JOIN film f ON f.film_id = i.film_id WHERE r.rental_id = $1;
SELECT c.email, r.rental_date FROM customer c JOIN rental r ON r.customer_id = c.customer_id WHERE c.last_name = $1;
SELECT r.rental_id FROM rental r WHERE r.inventory_id = $1 AND r.return_date IS NULL;
SELECT r.rental_id FROM rental r WHERE r.rental_date = $1;
SELECT r.rental_id, r.customer_id FROM rental r WHERE r.staff_id = $1 AND r.rental_date BETWEEN $2 AND $3;
SELECT p.amount, p.payment_date FROM payment p WHERE p.rental_id = $1;
SELECT sum(p.amount) FROM payment p WHERE p.customer_id = $1;
SELECT c.customer_id, sum(p.amount) FROM customer c JOIN payment p ON p.customer_id = c.customer_id WHERE c.email = $1 GROUP BY c.customer_id;
SELECT max(r.rental_date) FROM rental r;
SELECT min(r.return_date) FROM rental r;
SELECT c.customer_id, (SELECT count(*) FROM rental r WHERE r.customer_id = c.customer_id) AS rentals FROM customer c WHERE c.store_id = $1 ORDER BY c.last_name LIMIT 25;
SELECT f.title, count(*) FROM rental r JOIN inventory i ON i.inventory_id = r.inventory_id JOIN film f ON f.film_id = i.film_id GROUP BY f.title ORDER BY count(*) DESC LIMIT 10;

-- Where people live
SELECT a.address, ci.city, co.country FROM address a JOIN city ci ON ci.city_id = a.city_id JOIN country co ON co.country_id = ci.country_id WHERE a.address_id = $1;
SELECT cu.customer_id FROM country co JOIN city ci ON ci.country_id = co.country_id JOIN address a ON a.city_id = ci.city_id JOIN customer cu ON cu.address_id = a.address_id WHERE co.country = $1;
SELECT a.address_id FROM address a WHERE a.district = $1 OR a.postal_code = $2;
SELECT id, name FROM customer_list WHERE id = $1;
SELECT name, phone FROM staff_list WHERE sid = $1;
SELECT category, total_sales FROM sales_by_film_category WHERE category = $1;

-- As an ORM writes them, and writes
SELECT "rental"."rental_id", "customer"."email" FROM "rental" INNER JOIN "customer" ON ("rental"."customer_id" = "customer"."customer_id") WHERE ("customer"."activebool" AND "rental"."inventory_id" = %s) ORDER BY "rental"."rental_date" DESC LIMIT 21;
UPDATE rental SET return_date = now() WHERE customer_id = $1 AND return_date IS NULL;
DELETE FROM film_actor WHERE film_id = $1;
