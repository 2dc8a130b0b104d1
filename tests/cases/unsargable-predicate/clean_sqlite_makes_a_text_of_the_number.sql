-- dialect: sqlite
CREATE TABLE parcels (id INTEGER PRIMARY KEY, code TEXT, weight INTEGER);
CREATE INDEX parcels_code ON parcels (code);
CREATE INDEX parcels_weight ON parcels (weight);

SELECT id FROM parcels WHERE code = 7;
SELECT id FROM parcels WHERE weight = 7.0;
