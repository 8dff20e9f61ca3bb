-- +goose Up
CREATE TABLE platform_sessions (
    id         TEXT     NOT NULL PRIMARY KEY,
    user_id    TEXT     NOT NULL,
    body       TEXT     NOT NULL,
    version    INTEGER  NOT NULL,
    created_at DATETIME NOT NULL,
    seen_at    DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    ends_at    DATETIME NOT NULL
);
CREATE INDEX platform_sessions_user_id_idx ON platform_sessions (user_id, created_at);
CREATE INDEX platform_sessions_ends_at_idx ON platform_sessions (ends_at);

-- +goose Down
DROP TABLE platform_sessions;
