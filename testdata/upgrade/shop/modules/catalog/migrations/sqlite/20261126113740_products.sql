-- +goose Up
CREATE TABLE catalog_products (
    id             TEXT     NOT NULL PRIMARY KEY,
    sku            TEXT     NOT NULL,
    name           TEXT     NOT NULL,
    price_amount   INTEGER  NOT NULL,
    price_currency TEXT     NOT NULL,
    active         BOOLEAN  NOT NULL,
    released       TEXT,
    version        INTEGER  NOT NULL,
    created_at     DATETIME NOT NULL,
    updated_at     DATETIME NOT NULL
);
CREATE UNIQUE INDEX catalog_products_sku_key ON catalog_products (sku);
CREATE INDEX catalog_products_active_idx ON catalog_products (active, id);

-- +goose Down
DROP TABLE catalog_products;
