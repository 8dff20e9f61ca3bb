-- +goose Up
-- Ours.
CREATE INDEX sale_orders_by_status ON sale_orders (status, id);

-- +goose Down
DROP INDEX sale_orders_by_status;
