-- What is wrapped is the value, once; the column stands by itself.
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, placed timestamptz, number varchar(20));
CREATE INDEX orders_user_id ON orders (user_id);
CREATE INDEX orders_placed ON orders (placed);
CREATE INDEX orders_number ON orders (number);

SELECT id FROM orders WHERE number = upper($1);
SELECT id FROM orders WHERE number = $1::text;
SELECT id FROM orders WHERE number::text = $1;
SELECT id FROM orders WHERE user_id = $1::bigint;
SELECT id FROM orders WHERE user_id = CAST($1 AS integer) + 1;
SELECT id FROM orders WHERE placed >= date_trunc('month', now()) AND placed < date_trunc('month', now()) + interval '1 month';
SELECT id FROM orders WHERE placed > now() - interval '1 day' AND placed < now();
SELECT id FROM orders WHERE user_id = ANY (string_to_array($1, ',')::bigint[]);
SELECT id FROM orders WHERE (user_id, number) = (abs($1), trim($2));
