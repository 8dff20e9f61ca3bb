-- +goose Up
CREATE TABLE blog_comments (
    id         uuid        NOT NULL PRIMARY KEY,
    post_id    uuid        NOT NULL REFERENCES blog_posts (id) ON DELETE RESTRICT,
    author_id  uuid,
    body       text        NOT NULL,
    version    bigint      NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX blog_comments_post_id_idx ON blog_comments (post_id, id);
CREATE INDEX blog_comments_author_id_idx ON blog_comments (author_id, id);

-- +goose Down
DROP TABLE blog_comments;
