-- dialect: mysql
-- A text beside a text, a number beside a number; and a number in quotes is made one, once.
CREATE TABLE parcels (id bigint PRIMARY KEY, code varchar(20), shelf char(4), weight int, KEY parcels_code (code), KEY parcels_shelf (shelf), KEY (weight));

SELECT id FROM parcels WHERE code = '7';
SELECT id FROM parcels WHERE code = ?;
SELECT id FROM parcels WHERE code IN ('1', '2');
SELECT id FROM parcels WHERE weight = '5';
SELECT id FROM parcels WHERE weight = 5.0;
SELECT id FROM parcels WHERE code = 7 AND id = 3;
