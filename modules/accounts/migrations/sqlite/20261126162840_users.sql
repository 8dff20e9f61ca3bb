-- +goose Up
CREATE TABLE accounts_users (
    id         TEXT     NOT NULL PRIMARY KEY,
    name       TEXT     NOT NULL,
    email      TEXT     NOT NULL,
    version    INTEGER  NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL
);
CREATE INDEX accounts_users_name_idx ON accounts_users (name, id);
CREATE UNIQUE INDEX accounts_users_email_key ON accounts_users (email);

-- +goose Down
DROP TABLE accounts_users;
