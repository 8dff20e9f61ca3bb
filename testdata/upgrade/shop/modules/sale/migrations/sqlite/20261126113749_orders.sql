-- +goose Up
CREATE TABLE sale_orders (
    id             TEXT     NOT NULL PRIMARY KEY,
    number         TEXT     NOT NULL,
    status         TEXT     NOT NULL CHECK (status IN ('draft', 'placed')),
    placed         DATETIME,
    total_amount   INTEGER  NOT NULL,
    total_currency TEXT     NOT NULL,
    version        INTEGER  NOT NULL,
    created_at     DATETIME NOT NULL,
    updated_at     DATETIME NOT NULL
);
CREATE UNIQUE INDEX sale_orders_number_key ON sale_orders (number);
CREATE INDEX sale_orders_status_idx ON sale_orders (status, id);
CREATE INDEX sale_orders_placed_idx ON sale_orders (placed, id);

-- +goose Down
DROP TABLE sale_orders;
