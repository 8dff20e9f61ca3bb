-- +goose Up
CREATE TABLE storefront_pictures (
    id         TEXT     NOT NULL PRIMARY KEY,
    file       TEXT     NOT NULL,
    width      INTEGER  NOT NULL,
    height     INTEGER  NOT NULL,
    alt        TEXT     NOT NULL,
    updated_at DATETIME NOT NULL
);

-- +goose Down
DROP TABLE storefront_pictures;
