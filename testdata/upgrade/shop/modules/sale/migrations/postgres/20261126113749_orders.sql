-- +goose Up
CREATE TABLE sale_orders (
    id             uuid         NOT NULL PRIMARY KEY,
    number         varchar(255) NOT NULL,
    status         text         NOT NULL CHECK (status IN ('draft', 'placed')),
    placed         timestamptz,
    total_amount   bigint       NOT NULL,
    total_currency char(3)      NOT NULL,
    version        bigint       NOT NULL,
    created_at     timestamptz  NOT NULL,
    updated_at     timestamptz  NOT NULL
);
CREATE UNIQUE INDEX sale_orders_number_key ON sale_orders (number);
CREATE INDEX sale_orders_status_idx ON sale_orders (status, id);
CREATE INDEX sale_orders_placed_idx ON sale_orders (placed, id);

-- +goose Down
DROP TABLE sale_orders;
