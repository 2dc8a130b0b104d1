CREATE TABLE orders (id bigint, user_id bigint, number text, status text);
-- the release brings:
CREATE INDEX orders_user ON orders (user_id);  -- error: [blocking-index-build] "orders_user of orders is built by CREATE INDEX without CONCURRENTLY"
CREATE UNIQUE INDEX IF NOT EXISTS orders_number ON public.orders USING btree (number) WHERE status = 'open';  -- error: [blocking-index-build] "orders_number"
ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY (id);  -- error: [blocking-index-build] "ADD PRIMARY KEY without USING INDEX"
ALTER TABLE orders ADD COLUMN token text UNIQUE;  -- error: [blocking-index-build] "ADD COLUMN UNIQUE without USING INDEX"
