-- dialect: sqlite
CREATE TABLE carts (id INTEGER PRIMARY KEY, note TEXT);

UPDATE carts SET note = NULL WHERE id = ?;
DELETE FROM carts WHERE id = ?;
DELETE FROM carts WHERE id > (SELECT max(id) - 100 FROM carts);
