CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,  -- error: [unindexed-foreign-key] "refers to users (ON DELETE CASCADE)"
    parent_id bigint REFERENCES orders (id),  -- error: [unindexed-foreign-key] "deleting a row of orders reads the whole of orders"
    status text
);
CREATE INDEX orders_status_user ON orders (status, user_id);

CREATE TABLE invoices (id bigint PRIMARY KEY, order_id bigint);
ALTER TABLE ONLY public.invoices
    ADD CONSTRAINT invoices_order_fkey FOREIGN KEY (order_id) REFERENCES public.orders (id) NOT VALID;  -- error: [unindexed-foreign-key] "order_id"
