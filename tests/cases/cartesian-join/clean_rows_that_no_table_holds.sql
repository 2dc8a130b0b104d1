-- Rows that are made, not read; and what is made anew for each row of the table beside it.
CREATE TABLE shops (id bigint PRIMARY KEY, name text, tags text[], settings jsonb);
CREATE TABLE orders (id bigint PRIMARY KEY, shop_id bigint, placed timestamptz);
CREATE INDEX orders_shop_id_placed ON orders (shop_id, placed);

SELECT s.name, day FROM shops s, generate_series(date '2026-11-01', date '2026-11-30', interval '1 day') AS day;
SELECT s.name, tag FROM shops s, unnest(s.tags) AS tag;
SELECT s.name, each.key, each.value FROM shops s, jsonb_each(s.settings) AS each;
SELECT s.name, weight FROM shops s, (VALUES (1), (2), (3)) AS weights (weight);
SELECT s.name, latest.placed FROM shops s,
LATERAL (SELECT o.placed FROM orders o WHERE o.shop_id = s.id ORDER BY o.placed DESC LIMIT 3) latest;
SELECT s.name, latest.placed FROM shops s
LEFT JOIN LATERAL (SELECT o.placed FROM orders o WHERE o.shop_id = s.id ORDER BY o.placed DESC LIMIT 1) latest ON true;
