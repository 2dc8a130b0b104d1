CREATE TABLE orders (id bigint PRIMARY KEY, status text, note text);
CREATE INDEX orders_open_idx ON orders (status) WHERE note = 'x';
CREATE INDEX orders_note_idx ON orders USING gin (note);
SELECT id FROM orders WHERE status = $1;  -- error: [unindexed-filter] "(orders_open_idx is for note = 'x' alone)"
SELECT id FROM orders WHERE note = $1;  -- error: [unindexed-filter] "(orders_note_idx is of the kind gin)"
