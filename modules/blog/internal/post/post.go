// Package post holds the rules of posts and their use cases.
package post

import (
	"time"
	"unicode/utf8"

	"github.com/banyan-go/banyan/modules/blog"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/patch"
)

// Draft is what a caller decides about a new post.
type Draft struct {
	Title    string
	Body     string
	AuthorID id.ID
	Status   blog.PostStatus
}

// Change is what a caller changes about a post: the slots that are set.
type Change struct {
	Title  patch.Change[string]
	Body   patch.Change[string]
	Status patch.Change[blog.PostStatus]
}

// begin turns a draft into a post.
func begin(d Draft, now time.Time) (blog.Post, error) {
	post := blog.Post{
		ID:        id.NewIn(d.AuthorID.Bucket()), // in the bucket of its author ID
		Title:     d.Title,
		Body:      d.Body,
		AuthorID:  d.AuthorID,
		Status:    d.Status,
		Version:   1,
		CreatedAt: now,
		UpdatedAt: now,
	}
	return post, check(post)
}

// apply returns a post with the change made.
func apply(post blog.Post, c Change, now time.Time) (blog.Post, error) {
	c.Title.To(&post.Title)
	c.Body.To(&post.Body)
	c.Status.To(&post.Status)
	post.Version++
	post.UpdatedAt = now
	return post, check(post)
}

// check holds the rules that every post obeys.
func check(post blog.Post) error {
	var c fault.Checks
	c.That(post.Title != "", "/title", "required", "must not be empty")
	c.That(utf8.RuneCountInString(post.Title) <= 120, "/title", "max_length", "must be at most 120 characters long")
	c.That(utf8.RuneCountInString(post.Body) <= 65536, "/body", "max_length", "must be at most 65536 characters long")
	c.That(!post.AuthorID.IsZero(), "/author_id", "required", "must be given")
	c.That(post.Status.Known(), "/status", "enum", "must be one of the words that are allowed")
	return c.Err()
}
