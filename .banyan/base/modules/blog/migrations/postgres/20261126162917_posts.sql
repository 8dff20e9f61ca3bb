-- +goose Up
CREATE TABLE blog_posts (
    bucket     smallint     NOT NULL,
    id         uuid         NOT NULL,
    title      varchar(120) NOT NULL,
    body       text         NOT NULL,
    author_id  uuid         NOT NULL,
    status     text         NOT NULL CHECK (status IN ('draft', 'published')),
    version    bigint       NOT NULL,
    created_at timestamptz  NOT NULL,
    updated_at timestamptz  NOT NULL,
    PRIMARY KEY (bucket, id)
);
CREATE INDEX blog_posts_id_idx ON blog_posts (id);
CREATE INDEX blog_posts_author_id_idx ON blog_posts (bucket, author_id, id);
CREATE INDEX blog_posts_status_idx ON blog_posts (status, id);

-- +goose Down
DROP TABLE blog_posts;
