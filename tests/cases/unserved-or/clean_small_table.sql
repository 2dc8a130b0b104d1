-- small-tables: shops
CREATE TABLE shops (id bigint PRIMARY KEY, city text UNIQUE);
CREATE TABLE orders (id bigint PRIMARY KEY, shop_id bigint, number text UNIQUE);
CREATE INDEX orders_shop_id ON orders (shop_id);

SELECT o.id FROM orders o JOIN shops s ON s.id = o.shop_id WHERE s.city = $1 OR o.number = $2;
