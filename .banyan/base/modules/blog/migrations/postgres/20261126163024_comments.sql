-- +goose Up
CREATE TABLE blog_comments (
    bucket     smallint    NOT NULL,
    id         uuid        NOT NULL,
    post_id    uuid        NOT NULL,
    author_id  uuid,
    body       text        NOT NULL,
    version    bigint      NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (bucket, id),
    FOREIGN KEY (bucket, post_id) REFERENCES blog_posts (bucket, id) ON DELETE RESTRICT
);
CREATE INDEX blog_comments_id_idx ON blog_comments (id);
CREATE INDEX blog_comments_post_id_idx ON blog_comments (bucket, post_id, id);
CREATE INDEX blog_comments_author_id_idx ON blog_comments (author_id, id);

-- +goose Down
DROP TABLE blog_comments;
