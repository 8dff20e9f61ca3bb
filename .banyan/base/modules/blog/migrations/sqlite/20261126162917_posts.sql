-- +goose Up
CREATE TABLE blog_posts (
    bucket     INTEGER  NOT NULL,
    id         TEXT     NOT NULL,
    title      TEXT     NOT NULL,
    body       TEXT     NOT NULL,
    author_id  TEXT     NOT NULL,
    status     TEXT     NOT NULL CHECK (status IN ('draft', 'published')),
    version    INTEGER  NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    PRIMARY KEY (bucket, id)
);
CREATE INDEX blog_posts_id_idx ON blog_posts (id);
CREATE INDEX blog_posts_author_id_idx ON blog_posts (bucket, author_id, id);
CREATE INDEX blog_posts_status_idx ON blog_posts (status, id);

-- +goose Down
DROP TABLE blog_posts;
