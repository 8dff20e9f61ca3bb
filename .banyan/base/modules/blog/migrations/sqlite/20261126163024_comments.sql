-- +goose Up
CREATE TABLE blog_comments (
    id         TEXT     NOT NULL PRIMARY KEY,
    post_id    TEXT     NOT NULL REFERENCES blog_posts (id) ON DELETE RESTRICT,
    author_id  TEXT,
    body       TEXT     NOT NULL,
    version    INTEGER  NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL
);
CREATE INDEX blog_comments_post_id_idx ON blog_comments (post_id, id);
CREATE INDEX blog_comments_author_id_idx ON blog_comments (author_id, id);

-- +goose Down
DROP TABLE blog_comments;
