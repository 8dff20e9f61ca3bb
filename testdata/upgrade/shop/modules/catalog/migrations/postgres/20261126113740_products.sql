-- +goose Up
CREATE TABLE catalog_products (
    id             uuid         NOT NULL PRIMARY KEY,
    sku            varchar(64)  NOT NULL,
    name           varchar(255) NOT NULL,
    price_amount   bigint       NOT NULL,
    price_currency char(3)      NOT NULL,
    active         boolean      NOT NULL,
    released       date,
    version        bigint       NOT NULL,
    created_at     timestamptz  NOT NULL,
    updated_at     timestamptz  NOT NULL
);
CREATE UNIQUE INDEX catalog_products_sku_key ON catalog_products (sku);
CREATE INDEX catalog_products_active_idx ON catalog_products (active, id);

-- +goose Down
DROP TABLE catalog_products;
