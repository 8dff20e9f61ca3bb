-- +goose Up
CREATE TABLE blog_posts (
    id         TEXT     NOT NULL PRIMARY KEY,
    title      TEXT     NOT NULL,
    body       TEXT     NOT NULL,
    author_id  TEXT     NOT NULL,
    status     TEXT     NOT NULL CHECK (status IN ('draft', 'published')),
    version    INTEGER  NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL
);
CREATE INDEX blog_posts_author_id_idx ON blog_posts (author_id, id);
CREATE INDEX blog_posts_status_idx ON blog_posts (status, id);

-- +goose Down
DROP TABLE blog_posts;
