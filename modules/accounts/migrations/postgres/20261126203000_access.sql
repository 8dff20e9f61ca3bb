-- +goose Up
ALTER TABLE accounts_users ADD COLUMN password varchar(255) NOT NULL DEFAULT '';
ALTER TABLE accounts_users ADD COLUMN roles varchar(255) NOT NULL DEFAULT '';
ALTER TABLE accounts_users ADD COLUMN disabled_at timestamptz;
CREATE TABLE accounts_registrations (
    id         uuid         NOT NULL PRIMARY KEY,
    hash       char(64)     NOT NULL,
    name       varchar(255) NOT NULL,
    email      varchar(254) NOT NULL,
    password   varchar(255) NOT NULL,
    expires_at timestamptz  NOT NULL,
    created_at timestamptz  NOT NULL
);
CREATE UNIQUE INDEX accounts_registrations_hash_key ON accounts_registrations (hash);
CREATE INDEX accounts_registrations_email_idx ON accounts_registrations (email, id);
CREATE INDEX accounts_registrations_expires_at_idx ON accounts_registrations (expires_at, id);
CREATE TABLE accounts_resets (
    id         uuid        NOT NULL PRIMARY KEY,
    user_id    uuid        NOT NULL REFERENCES accounts_users (id) ON DELETE CASCADE,
    hash       char(64)    NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX accounts_resets_hash_key ON accounts_resets (hash);
CREATE INDEX accounts_resets_user_id_idx ON accounts_resets (user_id, id);
CREATE INDEX accounts_resets_expires_at_idx ON accounts_resets (expires_at, id);
CREATE TABLE accounts_tokens (
    id         uuid          NOT NULL PRIMARY KEY,
    user_id    uuid          NOT NULL REFERENCES accounts_users (id) ON DELETE CASCADE,
    name       varchar(100)  NOT NULL,
    hash       char(64)      NOT NULL,
    scopes     varchar(2000) NOT NULL,
    expires_at timestamptz   NOT NULL,
    created_at timestamptz   NOT NULL
);
CREATE UNIQUE INDEX accounts_tokens_hash_key ON accounts_tokens (hash);
CREATE INDEX accounts_tokens_user_id_idx ON accounts_tokens (user_id, id);

-- +goose Down
DROP TABLE accounts_tokens;
DROP TABLE accounts_resets;
DROP TABLE accounts_registrations;
ALTER TABLE accounts_users DROP COLUMN disabled_at;
ALTER TABLE accounts_users DROP COLUMN roles;
ALTER TABLE accounts_users DROP COLUMN password;
