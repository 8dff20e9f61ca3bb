-- +goose Up
CREATE TABLE platform_cache_invalidations (
    id         varchar(36) NOT NULL PRIMARY KEY,
    names      bytea       NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX platform_cache_invalidations_created_at_idx ON platform_cache_invalidations (created_at);

-- +goose Down
DROP TABLE platform_cache_invalidations;
