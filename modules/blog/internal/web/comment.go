package web

import (
	"context"
	"fmt"
	"time"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/modules/blog"
	"github.com/banyan-go/banyan/modules/blog/internal/comment"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
	"github.com/banyan-go/banyan/platform/patch"
)

// Comments is the table of operations on comments. Who may call which stands in commentPolicy.
func Comments(s *comment.Service) []api.Route {
	h := commentHandler{s}
	may := commentPolicy{}
	missing := blog.ErrCommentNotFound
	return []api.Route{
		api.Get("/comments", h.list, api.Op{ID: "listBlogComments", Summary: "List comments", Auth: api.Session, Allow: may.list(), List: comment.Listing()}),
		api.Get("/posts/{id}/comments", h.ofPost, api.Op{ID: "listBlogCommentsOfPost", Summary: "List the comments of a post", Auth: api.Session, Allow: may.list(), List: comment.Listing(), Errors: []*fault.Error{blog.ErrPostNotFound}}),
		api.Post("/comments", h.create, api.Op{ID: "createBlogComment", Summary: "Create a comment", Auth: api.Session, Allow: may.create()}),
		api.Get("/comments/{id}", h.get, api.Op{ID: "getBlogComment", Summary: "Get a comment", Auth: api.Session, Allow: may.get(), Errors: []*fault.Error{missing}}),
		api.Patch("/comments/{id}", h.update, api.Op{ID: "updateBlogComment", Summary: "Change a comment", Auth: api.Session, Allow: may.update(), Errors: []*fault.Error{missing}}),
		api.Delete("/comments/{id}", h.remove, api.Op{ID: "deleteBlogComment", Summary: "Delete a comment", Auth: api.Session, Allow: may.remove(), Errors: []*fault.Error{missing, db.ErrReferenced}}),
	}
}

// Comment is a comment as clients see it.
type Comment struct {
	ID        id.ID                       `json:"id"`
	PostID    id.ID                       `json:"post_id"`
	AuthorID  *id.ID                      `json:"author_id"`
	Body      string                      `json:"body"`
	Version   int64                       `json:"version" doc:"Counts the changes; the entity tag is made of it."`
	CreatedAt time.Time                   `json:"created_at"`
	UpdatedAt time.Time                   `json:"updated_at"`
	Post      api.Included[CommentPost]   `json:"post" doc:"Only where include asks for it; null when there is none."`
	Author    api.Included[CommentAuthor] `json:"author" doc:"Only where include asks for it; null when there is none."`
}

// CommentPost is what clients see of the post of a comment: what a post shows of itself, and nothing about a person.
type CommentPost struct {
	ID        id.ID           `json:"id"`
	Title     string          `json:"title"`
	Body      string          `json:"body"`
	AuthorID  id.ID           `json:"author_id"`
	Status    blog.PostStatus `json:"status" enum:"draft,published"`
	Version   int64           `json:"version"`
	CreatedAt time.Time       `json:"created_at"`
	UpdatedAt time.Time       `json:"updated_at"`
}

// CommentAuthor is what clients see of the author of a comment: what a user shows of itself, and nothing about a person.
type CommentAuthor struct {
	ID        id.ID     `json:"id"`
	Name      string    `json:"name"`
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// CommentDraft is the body of a request for a new comment.
type CommentDraft struct {
	PostID   id.ID  `json:"post_id"`
	AuthorID *id.ID `json:"author_id"`
	Body     string `json:"body" minLength:"1" maxLength:"2000"`
}

// CommentChange is the body of a request that changes a comment: the fields that it holds.
type CommentChange struct {
	AuthorID patch.Change[*id.ID] `json:"author_id"`
	Body     patch.Change[string] `json:"body" minLength:"1" maxLength:"2000"`
}

type (
	listComments struct {
		Query   page.Query
		Include api.Include
	}
	listCommentsOfPost struct {
		ID      id.ID `path:"id"`
		Query   page.Query
		Include api.Include
	}
	createComment struct {
		Body CommentDraft
	}
	getComment struct {
		ID      id.ID `path:"id"`
		Include api.Include
	}
	updateComment struct {
		ID      id.ID       `path:"id"`
		IfMatch api.IfMatch `header:"If-Match"`
		Body    CommentChange
	}
	deleteComment struct {
		ID      id.ID       `path:"id"`
		IfMatch api.IfMatch `header:"If-Match"`
	}
	createdComment struct {
		Location string   `header:"Location" doc:"Where the new comment is."`
		ETag     api.ETag `header:"ETag" doc:"The version, for If-Match and If-None-Match."`
		Body     Comment
	}
	oneComment struct {
		ETag api.ETag `header:"ETag" doc:"The version, for If-Match and If-None-Match."`
		Body Comment
	}
)

type commentHandler struct{ service *comment.Service }

func (h commentHandler) list(ctx context.Context, in *listComments) (*api.List[Comment], error) {
	p, err := h.service.List(ctx, in.Query)
	if err != nil {
		return nil, err
	}
	shown := page.Map(p, presentComment)
	if err := h.embed(ctx, in.Include, shown.Items); err != nil {
		return nil, err
	}
	return api.NewList(in.Query, shown), nil
}

func (h commentHandler) ofPost(ctx context.Context, in *listCommentsOfPost) (*api.List[Comment], error) {
	above, err := h.service.Relations().Post.ByIDs(ctx, []id.ID{in.ID})
	if err != nil {
		return nil, fmt.Errorf("find the post: %w", err)
	}
	if len(above) == 0 {
		return nil, blog.ErrPostNotFound
	}
	return h.list(ctx, &listComments{Query: in.Query.Within("post_id", in.ID), Include: in.Include})
}

// embed adds what is to be included, with one question for each relation.
func (h commentHandler) embed(ctx context.Context, include api.Include, comments []Comment) error {
	if include.Has("post") {
		of := func(i *Comment) (*id.ID, *api.Included[CommentPost]) { return &i.PostID, &i.Post }
		if err := api.Embed(ctx, comments, of, h.service.Relations().Post.ByIDs, presentCommentPost); err != nil {
			return fmt.Errorf("include the post: %w", err)
		}
	}
	if include.Has("author") {
		of := func(i *Comment) (*id.ID, *api.Included[CommentAuthor]) { return i.AuthorID, &i.Author }
		if err := api.Embed(ctx, comments, of, h.service.Relations().Author.ByIDs, presentCommentAuthor); err != nil {
			return fmt.Errorf("include the author: %w", err)
		}
	}
	return nil
}

func (h commentHandler) create(ctx context.Context, in *createComment) (*createdComment, error) {
	made, err := h.service.Create(ctx, comment.Draft(in.Body))
	if err != nil {
		return nil, err
	}
	return &createdComment{
		Location: api.Prefix + "/blog/comments/" + made.ID.String(),
		ETag:     api.Version(made.Version),
		Body:     presentComment(made),
	}, nil
}

func (h commentHandler) get(ctx context.Context, in *getComment) (*oneComment, error) {
	found, err := h.service.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	shown := []Comment{presentComment(found)}
	if err := h.embed(ctx, in.Include, shown); err != nil {
		return nil, err
	}
	return &oneComment{ETag: api.Version(found.Version), Body: shown[0]}, nil
}

func (h commentHandler) update(ctx context.Context, in *updateComment) (*oneComment, error) {
	changed, err := h.service.Update(ctx, in.ID, in.IfMatch.Versions(), comment.Change(in.Body))
	if err != nil {
		return nil, err
	}
	return &oneComment{ETag: api.Version(changed.Version), Body: presentComment(changed)}, nil
}

func (h commentHandler) remove(ctx context.Context, in *deleteComment) (*api.Nothing, error) {
	return nil, h.service.Delete(ctx, in.ID, in.IfMatch.Versions())
}

func presentComment(p blog.Comment) Comment {
	return Comment{
		ID:        p.ID,
		PostID:    p.PostID,
		AuthorID:  p.AuthorID,
		Body:      p.Body,
		Version:   p.Version,
		CreatedAt: p.CreatedAt,
		UpdatedAt: p.UpdatedAt,
	}
}

func presentCommentPost(p blog.Post) CommentPost {
	return CommentPost{
		ID:        p.ID,
		Title:     p.Title,
		Body:      p.Body,
		AuthorID:  p.AuthorID,
		Status:    p.Status,
		Version:   p.Version,
		CreatedAt: p.CreatedAt,
		UpdatedAt: p.UpdatedAt,
	}
}

func presentCommentAuthor(p accounts.User) CommentAuthor {
	return CommentAuthor{
		ID:        p.ID,
		Name:      p.Name,
		Version:   p.Version,
		CreatedAt: p.CreatedAt,
		UpdatedAt: p.UpdatedAt,
	}
}
