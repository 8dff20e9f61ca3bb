package web

import (
	"context"
	"fmt"
	"time"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/modules/blog"
	"github.com/banyan-go/banyan/modules/blog/internal/post"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
	"github.com/banyan-go/banyan/platform/patch"
)

// Posts is the table of operations on posts. Who may call which stands in postPolicy.
func Posts(s *post.Service) []api.Route {
	h := postHandler{s}
	may := postPolicy{}
	missing := blog.ErrPostNotFound
	return []api.Route{
		api.Get("/posts", h.list, api.Op{ID: "listBlogPosts", Summary: "List posts", Auth: api.Session, Allow: may.list(), List: post.Listing()}),
		api.Post("/posts", h.create, api.Op{ID: "createBlogPost", Summary: "Create a post", Auth: api.Session, Allow: may.create()}),
		api.Get("/posts/{id}", h.get, api.Op{ID: "getBlogPost", Summary: "Get a post", Auth: api.Session, Allow: may.get(), Errors: []*fault.Error{missing}}),
		api.Patch("/posts/{id}", h.update, api.Op{ID: "updateBlogPost", Summary: "Change a post", Auth: api.Session, Allow: may.update(), Errors: []*fault.Error{missing}}),
		api.Delete("/posts/{id}", h.remove, api.Op{ID: "deleteBlogPost", Summary: "Delete a post", Auth: api.Session, Allow: may.remove(), Errors: []*fault.Error{missing, db.ErrReferenced}}),
	}
}

// Post is a post as clients see it.
type Post struct {
	ID        id.ID                    `json:"id"`
	Title     string                   `json:"title"`
	Body      string                   `json:"body"`
	AuthorID  id.ID                    `json:"author_id"`
	Status    blog.PostStatus          `json:"status" enum:"draft,published"`
	Version   int64                    `json:"version" doc:"Counts the changes; the entity tag is made of it."`
	CreatedAt time.Time                `json:"created_at"`
	UpdatedAt time.Time                `json:"updated_at"`
	Author    api.Included[PostAuthor] `json:"author" doc:"Only where include asks for it; null when there is none."`
}

// PostAuthor is what clients see of the author of a post: what a user shows of itself, and nothing about a person.
type PostAuthor struct {
	ID        id.ID     `json:"id"`
	Name      string    `json:"name"`
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// PostDraft is the body of a request for a new post.
type PostDraft struct {
	Title    string          `json:"title" minLength:"1" maxLength:"120"`
	Body     string          `json:"body" maxLength:"65536" default:""`
	AuthorID id.ID           `json:"author_id"`
	Status   blog.PostStatus `json:"status" enum:"draft,published" default:"draft"`
}

// PostChange is the body of a request that changes a post: the fields that it holds.
type PostChange struct {
	Title  patch.Change[string]          `json:"title" minLength:"1" maxLength:"120"`
	Body   patch.Change[string]          `json:"body" maxLength:"65536"`
	Status patch.Change[blog.PostStatus] `json:"status" enum:"draft,published"`
}

type (
	listPosts struct {
		Query   page.Query
		Include api.Include
	}
	createPost struct {
		Body PostDraft
	}
	getPost struct {
		ID      id.ID `path:"id"`
		Include api.Include
	}
	updatePost struct {
		ID      id.ID       `path:"id"`
		IfMatch api.IfMatch `header:"If-Match"`
		Body    PostChange
	}
	deletePost struct {
		ID      id.ID       `path:"id"`
		IfMatch api.IfMatch `header:"If-Match"`
	}
	createdPost struct {
		Location string   `header:"Location" doc:"Where the new post is."`
		ETag     api.ETag `header:"ETag" doc:"The version, for If-Match and If-None-Match."`
		Body     Post
	}
	onePost struct {
		ETag api.ETag `header:"ETag" doc:"The version, for If-Match and If-None-Match."`
		Body Post
	}
)

type postHandler struct{ service *post.Service }

func (h postHandler) list(ctx context.Context, in *listPosts) (*api.List[Post], error) {
	p, err := h.service.List(ctx, in.Query)
	if err != nil {
		return nil, err
	}
	shown := page.Map(p, presentPost)
	if err := h.embed(ctx, in.Include, shown.Items); err != nil {
		return nil, err
	}
	return api.NewList(in.Query, shown), nil
}

// embed adds what is to be included, with one question for each relation.
func (h postHandler) embed(ctx context.Context, include api.Include, posts []Post) error {
	if include.Has("author") {
		of := func(i *Post) (*id.ID, *api.Included[PostAuthor]) { return &i.AuthorID, &i.Author }
		if err := api.Embed(ctx, posts, of, h.service.Relations().Author.ByIDs, presentPostAuthor); err != nil {
			return fmt.Errorf("include the author: %w", err)
		}
	}
	return nil
}

func (h postHandler) create(ctx context.Context, in *createPost) (*createdPost, error) {
	made, err := h.service.Create(ctx, post.Draft(in.Body))
	if err != nil {
		return nil, err
	}
	return &createdPost{
		Location: api.Prefix + "/blog/posts/" + made.ID.String(),
		ETag:     api.Version(made.Version),
		Body:     presentPost(made),
	}, nil
}

func (h postHandler) get(ctx context.Context, in *getPost) (*onePost, error) {
	found, err := h.service.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	shown := []Post{presentPost(found)}
	if err := h.embed(ctx, in.Include, shown); err != nil {
		return nil, err
	}
	return &onePost{ETag: api.Version(found.Version), Body: shown[0]}, nil
}

func (h postHandler) update(ctx context.Context, in *updatePost) (*onePost, error) {
	changed, err := h.service.Update(ctx, in.ID, in.IfMatch.Versions(), post.Change(in.Body))
	if err != nil {
		return nil, err
	}
	return &onePost{ETag: api.Version(changed.Version), Body: presentPost(changed)}, nil
}

func (h postHandler) remove(ctx context.Context, in *deletePost) (*api.Nothing, error) {
	return nil, h.service.Delete(ctx, in.ID, in.IfMatch.Versions())
}

func presentPost(p blog.Post) Post {
	return Post{
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

func presentPostAuthor(p accounts.User) PostAuthor {
	return PostAuthor{
		ID:        p.ID,
		Name:      p.Name,
		Version:   p.Version,
		CreatedAt: p.CreatedAt,
		UpdatedAt: p.UpdatedAt,
	}
}
