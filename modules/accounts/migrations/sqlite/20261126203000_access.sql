-- +goose Up
ALTER TABLE accounts_users ADD COLUMN password TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts_users ADD COLUMN roles TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts_users ADD COLUMN disabled_at DATETIME;
CREATE TABLE accounts_registrations (
    id         TEXT     NOT NULL PRIMARY KEY,
    hash       TEXT     NOT NULL,
    name       TEXT     NOT NULL,
    email      TEXT     NOT NULL,
    password   TEXT     NOT NULL,
    expires_at DATETIME NOT NULL,
    created_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX accounts_registrations_hash_key ON accounts_registrations (hash);
CREATE INDEX accounts_registrations_email_idx ON accounts_registrations (email, id);
CREATE INDEX accounts_registrations_expires_at_idx ON accounts_registrations (expires_at, id);
CREATE TABLE accounts_resets (
    id         TEXT     NOT NULL PRIMARY KEY,
    user_id    TEXT     NOT NULL REFERENCES accounts_users (id) ON DELETE CASCADE,
    hash       TEXT     NOT NULL,
    expires_at DATETIME NOT NULL,
    created_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX accounts_resets_hash_key ON accounts_resets (hash);
CREATE INDEX accounts_resets_user_id_idx ON accounts_resets (user_id, id);
CREATE INDEX accounts_resets_expires_at_idx ON accounts_resets (expires_at, id);
CREATE TABLE accounts_tokens (
    id         TEXT     NOT NULL PRIMARY KEY,
    user_id    TEXT     NOT NULL REFERENCES accounts_users (id) ON DELETE CASCADE,
    name       TEXT     NOT NULL,
    hash       TEXT     NOT NULL,
    scopes     TEXT     NOT NULL,
    expires_at DATETIME NOT NULL,
    created_at DATETIME NOT NULL
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
