-- +goose Up
CREATE TABLE dbtest_items (
    id          TEXT     NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    name        TEXT     NOT NULL,
    name_null   TEXT,
    count       INTEGER  NOT NULL,
    count_null  INTEGER,
    ratio       REAL     NOT NULL,
    ratio_null  REAL,
    active      BOOLEAN  NOT NULL,
    active_null BOOLEAN,
    at          DATETIME NOT NULL,
    at_null     DATETIME,
    day         TEXT     NOT NULL,
    day_null    TEXT,
    owner       TEXT     NOT NULL,
    owner_null  TEXT,
    weight      INTEGER  NOT NULL,
    weight_null INTEGER,
    state       TEXT     NOT NULL CHECK (state IN ('draft', 'published', 'gone')),
    state_null  TEXT              CHECK (state_null IN ('draft', 'published', 'gone'))
);
CREATE TABLE dbtest_accounts (
    id    TEXT    NOT NULL PRIMARY KEY,
    email TEXT    NOT NULL,
    shop  TEXT    NOT NULL,
    slug  TEXT    NOT NULL,
    total INTEGER NOT NULL
);
CREATE UNIQUE INDEX dbtest_accounts_email_key ON dbtest_accounts (email);
CREATE UNIQUE INDEX dbtest_accounts_shop_slug_key ON dbtest_accounts (shop, slug);
CREATE TABLE dbtest_entries (
    id         TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES dbtest_accounts (id) ON DELETE RESTRICT
);
CREATE TABLE dbtest_notes (
    bucket INTEGER NOT NULL,
    id     TEXT    NOT NULL,
    tenant TEXT    NOT NULL,
    body   TEXT    NOT NULL,
    PRIMARY KEY (bucket, id)
);

-- +goose Down
DROP TABLE dbtest_notes;
DROP TABLE dbtest_entries;
DROP TABLE dbtest_accounts;
DROP TABLE dbtest_items;
