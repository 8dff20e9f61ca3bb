-- +goose Up
CREATE TABLE storefront_pictures (
    id         uuid         NOT NULL PRIMARY KEY,
    file       varchar(100) NOT NULL,
    width      integer      NOT NULL,
    height     integer      NOT NULL,
    alt        varchar(255) NOT NULL,
    updated_at timestamptz  NOT NULL
);

-- +goose Down
DROP TABLE storefront_pictures;
