package blogwire

import (
	"context"

	"github.com/google/wire"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/modules/blog"
	"github.com/banyan-go/banyan/modules/blog/internal/post"
	"github.com/banyan-go/banyan/modules/blog/internal/web"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/module"
)

// Post is the module's part about posts.
type Post struct {
	// Posts is what other modules may ask.
	Posts blog.Posts

	service *post.Service
}

// PostNeeds is what posts ask of other modules.
type PostNeeds struct {
	Users accounts.Users
}

var (
	_ module.Router = (*Post)(nil)
	_ module.Seeder = (*Post)(nil)
)

func newPost(s *post.Service) *Post { return &Post{Posts: s, service: s} }

func newPostRelations(needs PostNeeds) post.Relations {
	return post.Relations{
		Author: needs.Users,
	}
}

var postSet = wire.NewSet(newPost, post.New, newPostRelations)

// Routes returns the operations.
func (p *Post) Routes() []api.Route { return web.Posts(p.service) }

// Seed adds n invented posts.
func (p *Post) Seed(ctx context.Context, n int) error { return p.service.Seed(ctx, n) }
