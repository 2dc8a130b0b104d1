-- A pattern whose beginning is known is a range of the index; one that only the program knows may be.
CREATE TABLE products (id bigint PRIMARY KEY, sku text, title text, label citext);
CREATE INDEX products_sku ON products (sku text_pattern_ops);
CREATE INDEX products_label ON products (label);
CREATE INDEX products_title ON products (title);
CREATE INDEX products_title_words ON products USING gin (title gin_trgm_ops);

SELECT id FROM products WHERE sku LIKE 'AB-%';
SELECT id FROM products WHERE sku LIKE $1;
SELECT id FROM products WHERE starts_with(sku, 'AB-');
SELECT id FROM products WHERE title ILIKE '%lamp%';
SELECT id FROM products WHERE title LIKE '%lamp%';
SELECT id FROM products WHERE label = $1;
SELECT id FROM products WHERE sku ILIKE '12-%';
SELECT id FROM products WHERE sku ILIKE $1;
