-- +goose Up
CREATE TABLE platform_idempotency_keys (
    scope      TEXT     NOT NULL PRIMARY KEY,
    request    BLOB     NOT NULL,
    token      TEXT     NOT NULL,
    status     INTEGER,
    answer     BLOB,
    expires_at DATETIME NOT NULL
);
CREATE INDEX platform_idempotency_keys_expires_at_idx ON platform_idempotency_keys (expires_at);

-- +goose Down
DROP TABLE platform_idempotency_keys;
