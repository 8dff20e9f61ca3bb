-- +goose Up
CREATE TABLE platform_cache_invalidations (
    id         TEXT     NOT NULL PRIMARY KEY,
    names      BLOB     NOT NULL,
    created_at DATETIME NOT NULL
);
CREATE INDEX platform_cache_invalidations_created_at_idx ON platform_cache_invalidations (created_at);

-- +goose Down
DROP TABLE platform_cache_invalidations;
