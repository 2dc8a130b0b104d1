-- 5.0 is a numeric, and so every integer is made one before it is compared.
CREATE TABLE readings (id bigint PRIMARY KEY, sensor_id bigint, level integer, price numeric, factor double precision);
CREATE INDEX readings_sensor_id ON readings (sensor_id);
CREATE INDEX readings_level ON readings (level);
CREATE INDEX readings_price ON readings (price);
CREATE INDEX readings_factor ON readings (factor);

SELECT id FROM readings WHERE sensor_id = 5.0;  -- error: [unsargable-predicate] "readings_sensor_id of readings cannot be used because of the number that sensor_id is compared with"
SELECT id FROM readings WHERE level BETWEEN 0.5 AND 1.5;  -- error: [unsargable-predicate] "readings_level"
SELECT id FROM readings WHERE level IN (1, 2.0);  -- error: [unsargable-predicate] "readings_level"
