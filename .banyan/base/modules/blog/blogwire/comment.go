package blogwire

import (
	"context"

	"github.com/google/wire"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/modules/blog"
	"github.com/banyan-go/banyan/modules/blog/internal/comment"
	"github.com/banyan-go/banyan/modules/blog/internal/web"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/module"
)

// Comment is the module's part about comments.
type Comment struct {
	// Comments is what other modules may ask.
	Comments blog.Comments

	service *comment.Service
}

// CommentNeeds is what comments ask of other modules.
type CommentNeeds struct {
	Users accounts.Users
}

var (
	_ module.Router = (*Comment)(nil)
	_ module.Seeder = (*Comment)(nil)
)

func newComment(s *comment.Service) *Comment { return &Comment{Comments: s, service: s} }

func newCommentRelations(needs CommentNeeds, post *Post) comment.Relations {
	return comment.Relations{
		Post:   post.Posts,
		Author: needs.Users,
	}
}

var commentSet = wire.NewSet(newComment, comment.New, newCommentRelations)

// Routes returns the operations.
func (p *Comment) Routes() []api.Route { return web.Comments(p.service) }

// Seed adds n invented comments.
func (p *Comment) Seed(ctx context.Context, n int) error { return p.service.Seed(ctx, n) }
