-- small-tables: country
CREATE TABLE country (code text PRIMARY KEY, name text);
CREATE MATERIALIZED VIEW totals AS SELECT code, count(*) AS many FROM country GROUP BY code;
-- the release brings:
CREATE INDEX country_name ON country (name);
CREATE UNIQUE INDEX totals_code ON totals (code);
