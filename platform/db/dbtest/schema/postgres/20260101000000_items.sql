-- +goose Up
CREATE TABLE dbtest_items (
    id          uuid             NOT NULL PRIMARY KEY,
    name        text COLLATE "C" NOT NULL,
    name_null   text COLLATE "C",
    count       bigint           NOT NULL,
    count_null  bigint,
    ratio       double precision NOT NULL,
    ratio_null  double precision,
    active      boolean          NOT NULL,
    active_null boolean,
    at          timestamptz      NOT NULL,
    at_null     timestamptz,
    day         date             NOT NULL,
    day_null    date,
    owner       uuid             NOT NULL,
    owner_null  uuid,
    weight      numeric(18, 4)   NOT NULL,
    weight_null numeric(18, 4),
    state       text COLLATE "C" NOT NULL CHECK (state IN ('draft', 'published', 'gone')),
    state_null  text COLLATE "C"          CHECK (state_null IN ('draft', 'published', 'gone'))
);
CREATE TABLE dbtest_accounts (
    id    uuid   NOT NULL PRIMARY KEY,
    email text   NOT NULL,
    shop  text   NOT NULL,
    slug  text   NOT NULL,
    total bigint NOT NULL
);
CREATE UNIQUE INDEX dbtest_accounts_email_key ON dbtest_accounts (email);
CREATE UNIQUE INDEX dbtest_accounts_shop_slug_key ON dbtest_accounts (shop, slug);
CREATE TABLE dbtest_entries (
    id         uuid NOT NULL PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES dbtest_accounts (id) ON DELETE RESTRICT
);
CREATE TABLE dbtest_notes (
    bucket smallint NOT NULL,
    id     uuid     NOT NULL,
    tenant text     NOT NULL,
    body   text     NOT NULL,
    PRIMARY KEY (bucket, id)
);

-- +goose Down
DROP TABLE dbtest_notes;
DROP TABLE dbtest_entries;
DROP TABLE dbtest_accounts;
DROP TABLE dbtest_items;
