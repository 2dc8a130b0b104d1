-- dialect: mysql
-- A number without its quotes: every code is made a number first, since '007', ' 7' and '7.0' are 7 as well.
CREATE TABLE parcels (id bigint PRIMARY KEY, code varchar(20), shelf char(4), weight int, KEY parcels_code (code), KEY parcels_shelf (shelf), KEY (weight));

SELECT id FROM parcels WHERE code = 7;  -- error: [unsargable-predicate] "parcels_code of parcels cannot be used because of the number that code is compared with"
SELECT id FROM parcels WHERE 7 = code;  -- error: [unsargable-predicate] "parcels_code"
SELECT id FROM parcels WHERE shelf IN (1, 2, 3);  -- error: [unsargable-predicate] "parcels_shelf"
SELECT id FROM parcels WHERE code = 7 OR code = 8;  -- error: [unsargable-predicate] "parcels_code"
