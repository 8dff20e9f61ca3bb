-- +goose Up
CREATE TABLE blog_comments (
    bucket     INTEGER  NOT NULL,
    id         TEXT     NOT NULL,
    post_id    TEXT     NOT NULL,
    author_id  TEXT,
    body       TEXT     NOT NULL,
    version    INTEGER  NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    PRIMARY KEY (bucket, id),
    FOREIGN KEY (bucket, post_id) REFERENCES blog_posts (bucket, id) ON DELETE RESTRICT
);
CREATE INDEX blog_comments_id_idx ON blog_comments (id);
CREATE INDEX blog_comments_post_id_idx ON blog_comments (bucket, post_id, id);
CREATE INDEX blog_comments_author_id_idx ON blog_comments (author_id, id);

-- +goose Down
DROP TABLE blog_comments;
