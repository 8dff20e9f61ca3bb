package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/api/apidocs"
	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/cdn"
	"github.com/banyan-go/banyan/platform/cli"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/platform"
	"github.com/banyan-go/banyan/platform/db/querystat"
	"github.com/banyan-go/banyan/platform/httpserver"
	"github.com/banyan-go/banyan/platform/idempotency"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/module"
)

// App is one application, built and not started.
type App struct {
	platform   *Platform
	modules    []module.Module
	operations *api.API
	migrator   *db.Migrator
	health     *httpserver.Health
	server     *httpserver.Server
	queries    *querystat.Stats
	schema     func(context.Context) error // why the schema of the database does not fit; see schemaFits
	fronts     lifecycle.Lifecycle         // the caches in front: what a command needs that purges them
	all        lifecycle.Lifecycle
}

// New puts the application together, without I/O. The error names the module and what is wrong with it.
func New(p *Platform, modules []module.Module) (*App, error) {
	a := &App{platform: p, modules: modules, health: httpserver.NewHealth(), queries: queryStats(p)}
	a.operations = api.New(api.Limits{Body: int(p.cfg.HTTP.BodyLimit), Depth: p.cfg.API.Depth}, p.env.Keys, p.Log)
	a.operations.OnUndeclared(undeclared(p))
	gate, err := a.gate()
	if err != nil {
		return nil, err
	}
	if p.env.Mode == config.Prod && !p.env.Describe {
		a.operations.PlanLate() // tests, dev and check have seen that the types are right
	}
	sets := []db.Migrations{platform.Migrations()}
	if err := p.Files.Check(); err != nil && !p.env.Describe {
		return nil, err
	}
	var wrong []error
	for _, m := range modules {
		wrong = append(wrong, a.operations.Mount(m.Name(), module.Routes(m)...), a.addAssets(m))
		sets = append(sets, db.Migrations{Module: m.Name(), Files: m.Migrations()})
	}
	if err = errors.Join(wrong...); err == nil {
		if a.migrator, err = p.DB.Migrator(sets); err != nil {
			return nil, cli.Exit(cli.Conflict, "banyan check", err) // two files with one version, for instance
		}
	}
	if err != nil {
		return nil, cli.Exit(cli.Failure, "", err) // the code is wrong, whatever the configuration
	}
	a.health.Add("database", p.DB.Ping)
	a.schema = a.schemaFits()
	a.health.Add("migrations", a.withNext(a.schema))
	if state := p.Redis.State(); state != nil {
		a.health.Add("redis", once(state.Ping))
	}
	pages, err := a.pages()
	if err != nil {
		return nil, err
	}
	keys, err := idempotency.New(p.cfg.Idempotency, idempotency.Options{DB: p.DB, Ring: p.env.Keys, Telemetry: p.Telemetry, Log: p.Log}, p.Lifecycle)
	if err != nil {
		return nil, err
	}
	edge, err := newEdge(p, &a.fronts)
	if err != nil {
		return nil, err
	}
	var serving lifecycle.Lifecycle
	if a.server, err = httpserver.New(p.cfg.HTTP, httpserver.Options{Dev: p.env.Dev(), Queries: a.queries, Gate: gate, Idempotency: keys, Reads: reads(p.Cache), Edge: edge, Pages: pages, Assets: p.Assets, Sockets: p.env.Sockets}, a.operations, a.health, p.Telemetry, &serving); err != nil {
		return nil, err
	}
	a.all.Append(lifecycle.Hook{Name: "platform", Start: a.startBase, Stop: p.base.Stop})
	if p.env.Mode != config.Prod {
		a.all.Append(lifecycle.Hook{Name: "migrations", Start: a.migrate})
	}
	a.all.Append(lifecycle.Hook{Name: "caches in front", Start: a.fronts.Start, Stop: a.fronts.Stop}) // they stop when the cache has: it tells them something then
	a.all.Append(lifecycle.Hook{Name: "modules", Start: p.Lifecycle.Start, Stop: p.Lifecycle.Stop})
	a.all.Append(lifecycle.Hook{Name: "server", Start: serving.Start, Stop: serving.Stop})
	return a, nil
}

// reads returns what notes for an answer that is kept what it was made of.
func reads(c *cache.Cache) func(context.Context, []string) (context.Context, httpserver.Reads) {
	return func(ctx context.Context, tags []string) (context.Context, httpserver.Reads) {
		ctx, r := cache.Collect(ctx)
		c.Depend(r, tags...)
		return ctx, r
	}
}

// newEdge returns the caches in front, which are told what is invalidated, and appends their start and stop to lc; nil for none.
func newEdge(p *Platform, lc *lifecycle.Lifecycle) (httpserver.Edge, error) {
	c, err := cdn.New(p.cfg.CDN, cdn.Options{App: p.env.Name, Drivers: p.drivers.CDN, Log: p.Log, Metrics: p.Telemetry}, lc)
	if c == nil || err != nil {
		return nil, err
	}
	p.Cache.OnInvalidate(p.cfg.CDN.Wait, c.Invalidate)
	p.Cache.OnDrop(c.Forget)
	p.Files.InFront(c, p.Cache.InvalidateTags)
	return c, nil
}

// undeclared returns what is done about an error that the document of its operation does not tell of.
func undeclared(p *Platform) func(operation, code string) {
	if p.env.Undeclared != nil || !p.env.Dev() {
		return p.env.Undeclared
	}
	return func(operation, code string) {
		p.Log.Warn("the error of an operation is in no document: name it in its Op.Errors", "operation", operation, "code", code)
	}
}

// startBase starts what every command with a database needs.
func (a *App) startBase(ctx context.Context) error {
	if err := a.platform.base.Start(ctx); err != nil {
		code := cli.Down
		if db.IsRefused(err) {
			code = cli.Config
		}
		return cli.Exit(code, a.platform.env.hints().command("config show --origin db"), err)
	}
	return nil
}

func (a *App) migrate(ctx context.Context) error {
	_, err := a.migrator.With(db.MigrateOptions{LockWait: lockTimeout}).Up(ctx)
	if err == nil {
		return nil
	}
	env := a.platform.env
	all, _ := a.migrator.Status(ctx) // the first error is the one to tell
	if text := unknown(all, env.hints(), env.Mode); text != "" && env.Dev() {
		return cli.Exit(cli.Failure, env.hints().command(resetCommand), fmt.Errorf("%w\n%s", err, text))
	}
	if next, ok := nextOf(err, env.hints(), env.Mode); ok {
		return cli.Exit(cli.Conflict, next, err)
	}
	return cli.Exit(cli.Failure, env.hints().command("migrate status"), err)
}

// schemaFits returns the check that keeps a process out of service while the schema of its database is not one that it can work with. Once it
// was, only a state of the schema ends that, and not a question that gets no answer: another check says so.
func (a *App) schemaFits() func(context.Context) error {
	var ready atomic.Bool
	return func(ctx context.Context) error {
		if !ready.Load() {
			err := a.migrator.Ready(ctx)
			ready.Store(err == nil)
			return err
		}
		err := a.migrator.Still(ctx)
		if _, state := nextOf(err, caller{}, config.Prod); !state {
			return nil
		}
		ready.Store(false)
		return err
	}
}

// once returns a check that keeps no requests away any more when it has held once: a process that cannot reach what all share, and others can, gets
// none; when nobody reaches it any more, each answers what it can without, and says that it is away.
func once(check func(context.Context) error) func(context.Context) error {
	var held atomic.Bool
	return func(ctx context.Context) error {
		err := check(ctx)
		if err == nil {
			held.Store(true)
		} else if held.Load() {
			return httpserver.Tolerated(fmt.Errorf("away: %w", err))
		}
		return err
	}
}

// withNext returns a check whose error says what to do.
func (a *App) withNext(check func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		err := check(ctx)
		if next, ok := nextOf(err, a.platform.env.hints(), a.platform.env.Mode); ok && next != "" {
			return fmt.Errorf("%w; next: %s", err, next)
		}
		return err
	}
}

// addAssets adds what the parts of a module have for browsers.
func (a *App) addAssets(m module.Module) error {
	var wrong []error
	for _, p := range m.Parts() {
		if g, ok := p.(module.Asseter); ok {
			wrong = append(wrong, a.platform.Assets.Add(m.Name(), g.Assets()))
		}
	}
	return errors.Join(wrong...)
}

// pages are the endpoints outside the API.
func (a *App) pages() ([]api.Endpoint, error) {
	pages := append(apidocs.Problems(), a.platform.Files.Pages()...)
	if a.platform.env.Dev() {
		if !slices.ContainsFunc(a.operations.Mounted(), func(m api.Mounted) bool { return m.FullPath == "/" }) {
			pages = append(pages, a.devPage())
		}
		if box := a.platform.Mail.Mailbox(); box != nil {
			pages = append(pages, a.mailboxPage(box))
		}
	}
	if a.platform.cfg.API.docs(a.platform.env.Mode) {
		document, err := a.Document()
		if err != nil {
			return nil, err
		}
		pages = append(pages, apidocs.Document(a.platform.env.Info.Title, document)...)
	}
	return pages, nil
}

// Document returns the OpenAPI document.
func (a *App) Document() ([]byte, error) {
	info := a.platform.env.Info
	info.Version = a.platform.env.Version
	return a.operations.Document(info)
}

// Start starts everything in order; when it returns nil the application serves.
func (a *App) Start(ctx context.Context) error {
	if err := a.all.Start(ctx); err != nil {
		return err
	}
	a.health.Started()
	return nil
}

// Stop ends the application: readiness first, then the requests, then everything else. When ctx ends it hurries.
func (a *App) Stop(ctx context.Context) error { return a.all.Stop(ctx) }

// Server returns the HTTP server, for its addresses.
func (a *App) Server() *httpserver.Server { return a.server }

// Platform returns the capabilities.
func (a *App) Platform() *Platform { return a.platform }

// Modules returns the modules in the order of their names.
func (a *App) Modules() []module.Module { return a.modules }

// Seed adds n rows to every part that knows how, of the named modules or of all, and returns the names of those that have one. A part whose
// rows refer to those of another comes after it.
func (a *App) Seed(ctx context.Context, n int, names ...string) (seeded []string, err error) {
	waiting, err := a.seeders(names)
	if err != nil {
		return nil, err
	}
	for len(waiting) > 0 {
		var later []seeder
		var missing []error
		for _, s := range waiting {
			switch err := s.Seed(ctx, n); {
			case err == nil:
				seeded = append(seeded, s.module)
			case errors.Is(err, module.ErrSeedLater):
				later = append(later, s)
				missing = append(missing, fmt.Errorf("seed %s: %w", s.module, err))
			default:
				return seeded, fmt.Errorf("seed %s: %w", s.module, err)
			}
		}
		if len(later) == len(waiting) {
			return seeded, errors.Join(missing...)
		}
		waiting = later
	}
	slices.Sort(seeded)
	return slices.Compact(seeded), nil // a module may have several such parts
}

// seeder is a part of a module that adds invented rows.
type seeder struct {
	module.Seeder
	module string
}

// seeders returns those of the named modules, or of all. That there are none is an error.
func (a *App) seeders(names []string) (all []seeder, err error) {
	for _, m := range a.modules {
		if len(names) > 0 && !slices.Contains(names, m.Name()) {
			continue
		}
		for _, p := range m.Parts() {
			if s, ok := p.(module.Seeder); ok {
				all = append(all, seeder{s, m.Name()})
			}
		}
	}
	if len(all) == 0 {
		return nil, errors.New("no module has anything to seed")
	}
	return all, nil
}
