package app_test

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"testing/fstest"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/app"
	"github.com/banyan-go/banyan/platform/cache"
	cacheredis "github.com/banyan-go/banyan/platform/cache/redisstore"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/sqlite"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/module"
	"github.com/banyan-go/banyan/platform/session"
	"github.com/banyan-go/banyan/platform/session/memory"
	"github.com/banyan-go/banyan/platform/session/sqlstore"
)

// settings is the configuration of the program under test: the platform's, and that of a module written by hand.
type settings struct {
	app.Config `config:",squash"`
	Notes      notesConfig `config:"notes"`
}

type notesConfig struct {
	Token string `config:"token" secret:"true" doc:"Opens something."`
}

// notes is the module. Its table is notes_notes.
type notes struct {
	db     *db.Handle
	routes []api.Route
	schema string
	more   fstest.MapFS
	seal   func() error // nil, or what Seed does first
	file   string
}

const notesSchema = "-- +goose Up\nCREATE TABLE notes_notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);\n-- +goose Down\nDROP TABLE notes_notes;\n"

func (*notes) Name() string { return "notes" }

func (n *notes) Migrations() fs.FS {
	all := maps.Clone(n.more)
	if all == nil {
		all = fstest.MapFS{}
	}
	all["sqlite/"+n.file] = &fstest.MapFile{Data: []byte(n.schema)}
	server := strings.Replace(n.schema, "INTEGER PRIMARY KEY", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", 1)
	all["postgres/"+n.file] = &fstest.MapFile{Data: []byte(server)}
	return all
}

func (n *notes) Parts() []module.Part { return []module.Part{n} }

type (
	addNote struct {
		Body struct {
			Text string `json:"text" minLength:"1"`
		}
	}
	countNotes struct {
		Body struct {
			Notes int64 `json:"notes"`
		}
	}
)

// Routes is part of module.Router.
func (n *notes) Routes() []api.Route {
	open := api.PublicWrite("a test")
	return append([]api.Route{
		api.Get("/notes", n.count, api.Op{ID: "countNotes", Summary: "Count <the> notes", Auth: api.Public}),
		api.Post("/notes", n.add, api.Op{ID: "addNote", Summary: "Add a note", Auth: open, Status: 204}),
		api.Raw("GET", "/raw", func(c *fiber.Ctx) error { return c.SendString("raw") }, api.Op{ID: "raw", Summary: "Answer by hand", Auth: api.Public}),
	}, n.routes...)
}

func (n *notes) count(ctx context.Context, _ *struct{}) (*countNotes, error) {
	out := &countNotes{}
	return out, n.db.Query(ctx, db.Global).Table("notes_notes").Count(&out.Body.Notes).Error
}

func (n *notes) add(ctx context.Context, in *addNote) (*struct{}, error) {
	return nil, n.insert(ctx, in.Body.Text)
}

func (n *notes) insert(ctx context.Context, text string) error {
	return n.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		return n.db.Query(ctx, db.Global).Exec("INSERT INTO notes_notes (text) VALUES (?)", text).Error
	})
}

// Seed is part of module.Seeder.
func (n *notes) Seed(ctx context.Context, rows int) error {
	if n.seal != nil {
		if err := n.seal(); err != nil {
			return err
		}
	}
	for i := range rows {
		if err := n.insert(ctx, fmt.Sprintf("note %d", i)); err != nil {
			return err
		}
	}
	return nil
}

// variant is what a test may change about the program.
type variant struct {
	name    string        // empty is prog
	driver  driver.Driver // nil is SQLite
	server  driver.Driver // the one for PostgreSQL; nil is none
	schema  string        // empty is notesSchema
	version string        // of its migration; empty is the first
	more    fstest.MapFS  // migrations beside it
	hook    func(*notes) lifecycle.Hook
	routes  []api.Route
	cached  func(*cache.Cache, *db.Handle) []api.Route // more of them; nil for none
	bare    bool                                       // without the module
	secret  bool                                       // the module encrypts what it seeds
}

// program returns the program under test.
func program(v variant) app.Program[settings] {
	if v.driver == nil {
		v.driver = sqlite.Driver{}
	}
	if v.schema == "" {
		v.schema = notesSchema
	}
	return app.Program[settings]{
		Name: cmp.Or(v.name, "prog"),
		Info: api.Info{Title: "prog", License: "MIT"},
		Configs: fstest.MapFS{
			"base.yaml":             &fstest.MapFile{Data: []byte("db: {slow: 1s}\n")},
			"profiles/single.yaml":  &fstest.MapFile{Data: []byte("phase: 1\n")},
			"profiles/another.yaml": &fstest.MapFile{Data: []byte("phase: 2\n")},
			"profiles/server.yaml":  &fstest.MapFile{Data: []byte("phase: 2\ndb:\n  driver: postgres\n  dsn: \"\"\n")}, // whose driver is not compiled in
		},
		Default: func() settings { return settings{Config: app.Default()} },
		Build: func(env app.Env, cfg settings) (*app.App, error) {
			drivers := db.Drivers{"sqlite": v.driver}
			if v.server != nil {
				drivers["postgres"] = v.server
			}
			p, err := app.NewPlatform(env, cfg.Config, app.Drivers{DB: drivers, Cache: cache.Drivers{"redis": cacheredis.Driver{}}, Sessions: session.Drivers{"db": sqlstore.Driver{}, "memory": memory.Driver{}}})
			if err != nil || v.bare {
				return built(p, err)
			}
			if p.Cache != nil {
				cache.Of(p.Cache, "notes.list", cache.Rule{}, func(context.Context, string) ([]string, error) { return nil, nil })
			}
			n := &notes{db: p.DB.ForModule("notes"), routes: v.routes, schema: v.schema, more: v.more, file: cmp.Or(v.version, "20260101000000") + "_notes.sql"}
			if v.cached != nil {
				n.routes = append(n.routes, v.cached(p.Cache, n.db)...)
			}
			if v.secret {
				n.seal = func() error {
					_, err := p.Keys.Sealer("notes_notes.text").Seal([]byte("note"), nil)
					return err
				}
			}
			if v.hook != nil {
				p.Lifecycle.Append(v.hook(n))
			}
			return built(p, nil, n)
		},
	}
}

func built(p *app.Platform, err error, modules ...module.Module) (*app.App, error) {
	if err != nil {
		return nil, err
	}
	return app.New(p, modules)
}
