-- +goose Up
CREATE TABLE platform_sessions (
    id         varchar(64)  NOT NULL PRIMARY KEY,
    user_id    varchar(255) NOT NULL,
    body       text         NOT NULL,
    version    bigint       NOT NULL,
    created_at timestamptz  NOT NULL,
    seen_at    timestamptz  NOT NULL,
    expires_at timestamptz  NOT NULL,
    ends_at    timestamptz  NOT NULL
);
CREATE INDEX platform_sessions_user_id_idx ON platform_sessions (user_id, created_at);
CREATE INDEX platform_sessions_ends_at_idx ON platform_sessions (ends_at);

-- +goose Down
DROP TABLE platform_sessions;
