-- small-tables: colours
CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint NOT NULL);
CREATE TABLE colours (name text, item_id bigint);
SELECT c.name FROM items i JOIN colours c ON c.item_id = i.id WHERE i.id = $1;
