-- Every row meets the one row of the other side.
CREATE TABLE settings (id boolean PRIMARY KEY DEFAULT true CHECK (id), currency text);
CREATE TABLE tenants (id bigint PRIMARY KEY, slug text UNIQUE, name text);
CREATE TABLE orders (id bigint PRIMARY KEY, tenant_id bigint, total numeric, placed timestamptz);
CREATE INDEX orders_tenant_id ON orders (tenant_id);
CREATE INDEX orders_placed ON orders (placed);

SELECT o.id, o.total, s.currency FROM orders o, settings s;
SELECT o.id, t.name FROM orders o, tenants t WHERE t.slug = $1;
SELECT o.id, t.name FROM orders o JOIN tenants t ON t.id = $1;
SELECT o.id, t.name FROM tenants t, orders o WHERE t.id = $1 AND o.tenant_id = $1;
SELECT o.id, o.total / whole.total FROM orders o, (SELECT sum(total) AS total FROM orders) whole;
WITH bounds AS (SELECT min(placed) AS since, max(placed) AS until FROM orders)
SELECT o.id, b.since FROM orders o, bounds b;
SELECT (SELECT count(*) FROM orders) AS orders, (SELECT count(*) FROM tenants) AS tenants;
