// Package comment holds the rules of comments and their use cases.
package comment

import (
	"time"
	"unicode/utf8"

	"github.com/banyan-go/banyan/modules/blog"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/patch"
)

// Draft is what a caller decides about a new comment.
type Draft struct {
	PostID   id.ID
	AuthorID *id.ID
	Body     string
}

// Change is what a caller changes about a comment: the slots that are set.
type Change struct {
	AuthorID patch.Change[*id.ID]
	Body     patch.Change[string]
}

// begin turns a draft into a comment.
func begin(d Draft, now time.Time) (blog.Comment, error) {
	comment := blog.Comment{
		ID:        id.NewIn(d.PostID.Bucket()), // in the bucket of its post ID
		PostID:    d.PostID,
		AuthorID:  d.AuthorID,
		Body:      d.Body,
		Version:   1,
		CreatedAt: now,
		UpdatedAt: now,
	}
	return comment, check(comment)
}

// apply returns a comment with the change made.
func apply(comment blog.Comment, c Change, now time.Time) (blog.Comment, error) {
	c.AuthorID.To(&comment.AuthorID)
	c.Body.To(&comment.Body)
	comment.Version++
	comment.UpdatedAt = now
	return comment, check(comment)
}

// check holds the rules that every comment obeys.
func check(comment blog.Comment) error {
	var c fault.Checks
	c.That(!comment.PostID.IsZero(), "/post_id", "required", "must be given")
	if comment.AuthorID != nil {
		c.That(!comment.AuthorID.IsZero(), "/author_id", "required", "must be given")
	}
	c.That(comment.Body != "", "/body", "required", "must not be empty")
	c.That(utf8.RuneCountInString(comment.Body) <= 2000, "/body", "max_length", "must be at most 2000 characters long")
	return c.Err()
}
