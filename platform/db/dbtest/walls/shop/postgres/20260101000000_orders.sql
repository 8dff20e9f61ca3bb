-- +goose Up
CREATE TABLE shop_orders (id INTEGER NOT NULL PRIMARY KEY, total INTEGER NOT NULL);
CREATE TABLE shop_parcels (bucket INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (bucket, id));
CREATE TABLE shop_watched (id INTEGER NOT NULL PRIMARY KEY);
CREATE TABLE old_name (id INTEGER NOT NULL PRIMARY KEY);
CREATE VIEW shop_through AS SELECT name FROM catalog_products;
CREATE VIEW shop_totals AS SELECT total FROM shop_orders;
CREATE VIEW shop_buckets AS SELECT bucket FROM shop_parcels;
-- +goose StatementBegin
CREATE FUNCTION shop_watch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE catalog_products SET name = 'apple';
	RETURN NULL;
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER shop_watch AFTER INSERT ON shop_watched FOR EACH ROW EXECUTE FUNCTION shop_watch();
INSERT INTO shop_orders VALUES (1, 10);
INSERT INTO shop_parcels VALUES (7, 1);
