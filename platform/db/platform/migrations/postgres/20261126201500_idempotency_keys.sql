-- +goose Up
CREATE TABLE platform_idempotency_keys (
    scope      varchar(64) NOT NULL PRIMARY KEY,
    request    bytea       NOT NULL,
    token      varchar(32) NOT NULL,
    status     integer,
    answer     bytea,
    expires_at timestamptz NOT NULL
);
CREATE INDEX platform_idempotency_keys_expires_at_idx ON platform_idempotency_keys (expires_at);

-- +goose Down
DROP TABLE platform_idempotency_keys;
