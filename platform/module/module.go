// Package module is what an application sees of a feature module: its name, its migrations, and its parts. What a part can do it says by
// the small interfaces below; the runtime asks for each of them.
package module

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/assets"
	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/files"
	"github.com/banyan-go/banyan/platform/images"
	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/mail"
	"github.com/banyan-go/banyan/platform/password"
	"github.com/banyan-go/banyan/platform/ratelimit"
	"github.com/banyan-go/banyan/platform/session"
)

// Module is one feature. Generated modules derive it from their folder.
type Module interface {
	// Name is the module's name and the name of its folder: "catalog".
	Name() string
	// Migrations holds the folders sqlite and postgres.
	Migrations() fs.FS
	// Parts are the module's resources and whatever else does something.
	Parts() []Part
}

// Part is one piece of a module. It implements some of the interfaces of this package, and may implement none.
type Part any

// Router is a part with operations.
type Router interface {
	// Routes returns the operations. It does no I/O.
	Routes() []api.Route
}

// Seeder is a part that can fill its tables with invented rows, for development and load tests.
type Seeder interface {
	// Seed adds n rows that pass every rule. It is called again to add more. ErrSeedLater, before it has added any, says that others have
	// to come first.
	Seed(ctx context.Context, n int) error
}

// TokenVerifier is a part that knows whose a bearer token is. Of all parts of an application one at most does.
type TokenVerifier interface {
	// VerifyToken is an api.TokenVerifier.
	VerifyToken(ctx context.Context, token string) (api.Caller, error)
}

// UserFinder is a part that knows users by other names than those under which they are signed in, by their addresses for instance. It is for people
// who type commands.
type UserFinder interface {
	// FindUser returns the name under which a user is signed in, false when there is no such user.
	FindUser(ctx context.Context, text string) (user string, found bool, err error)
}

// Limiter is a part with rate limits of its own.
type Limiter interface {
	// Limits returns the rules by name: the module's name, a dot and a word, "accounts.login". Routes name theirs in api.Op.Limit.
	Limits() map[string]ratelimit.Rule
}

// Asseter is a part with files that browsers load beside pages.
type Asseter interface {
	// Assets returns them, app.css at the top of the tree for instance; usually a folder that is compiled in. The module's name stands in front of
	// their names: "catalog/app.css".
	Assets() fs.FS
}

// ErrSeedLater means that there is nothing yet that the rows of a Seeder could refer to. Wrap it with what is missing.
var ErrSeedLater = errors.New("there is nothing to refer to yet")

// Platform is what the constructors of modules may ask for. Everything in it is safe for concurrent use.
type Platform struct {
	DB    *db.DB
	Clock clock.Clock
	// Keys encrypt what modules keep secret. They are nil in commands that only describe the application, and so are the sealers made of them.
	Keys *keyring.Ring
	// Passwords bounds the work of hashing for the whole process.
	Passwords *password.Hasher
	// Sessions are who is signed in. They are nil in commands that only describe the application.
	Sessions *session.Sessions
	// Cache keeps what was read: make a group in the constructor, by cache.Of.
	Cache *cache.Cache
	// Limits are the rules of how often somebody may ask; a part declares its own by Limiter.
	Limits *ratelimit.Limits
	// Assets know the addresses of what modules give by Asseter. They have them once the application is put together: ask when a page is made.
	Assets *assets.Assets
	// Files keep what people upload. Announce, in the constructor, that a module is going to. They are nil where no driver is compiled in.
	Files *files.Files
	// Images make of an upload what a page shows. Announce, in the constructor, that a module is going to work with them: a program without a driver then
	// does not start.
	Images *images.Images
	// Mail sends in the background. Announce, in the constructor, that a module is going to.
	Mail *mail.Mailer
	// Log carries the name of the application; handlers log with the context of the request.
	Log *slog.Logger
	// Lifecycle takes the start and the stop of whatever runs beside requests.
	Lifecycle *lifecycle.Lifecycle
}

// Routes returns the operations of all parts of m.
func Routes(m Module) []api.Route {
	var routes []api.Route
	for _, p := range m.Parts() {
		if r, ok := p.(Router); ok {
			routes = append(routes, r.Routes()...)
		}
	}
	return routes
}
