-- +goose Up
CREATE TABLE catalog_products (id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL);
CREATE VIEW catalog_names AS SELECT name FROM catalog_products;
INSERT INTO catalog_products VALUES (1, 'pear');
