-- +goose Up
CREATE TABLE accounts_users (
    id         uuid         NOT NULL PRIMARY KEY,
    name       varchar(255) NOT NULL,
    email      varchar(254) NOT NULL,
    version    bigint       NOT NULL,
    created_at timestamptz  NOT NULL,
    updated_at timestamptz  NOT NULL
);
CREATE INDEX accounts_users_name_idx ON accounts_users (name, id);
CREATE UNIQUE INDEX accounts_users_email_key ON accounts_users (email);

-- +goose Down
DROP TABLE accounts_users;
