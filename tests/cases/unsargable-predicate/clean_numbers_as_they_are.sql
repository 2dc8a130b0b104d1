CREATE TABLE readings (id bigint PRIMARY KEY, sensor_id bigint, level integer, price numeric, factor double precision);
CREATE INDEX readings_sensor_id ON readings (sensor_id);
CREATE INDEX readings_level ON readings (level);
CREATE INDEX readings_price ON readings (price);
CREATE INDEX readings_factor ON readings (factor);

SELECT id FROM readings WHERE sensor_id = 5;
SELECT id FROM readings WHERE level BETWEEN 1 AND 2;
SELECT id FROM readings WHERE price = 5.0;
SELECT id FROM readings WHERE price = 5;
SELECT id FROM readings WHERE factor = 0.5;
SELECT id FROM readings WHERE sensor_id = '5';
