// Package apptest runs an application in a test: the real one, over HTTP on a port of its own, with a database of its own. Tests talk to it
// by its address alone, so that the same test can later talk to several processes.
//
// Only tests import it: it links every database driver.
package apptest

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/app"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/platform"
	"github.com/banyan-go/banyan/platform/db/querystat"
	"github.com/banyan-go/banyan/platform/files"
	"github.com/banyan-go/banyan/platform/files/disk"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/images"
	"github.com/banyan-go/banyan/platform/images/webp"
	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/module"
	"github.com/banyan-go/banyan/platform/unit"
)

// Builder builds one module of the application under test, as the New of its wire package does.
type Builder func(p module.Platform) (module.Module, error)

// App is an application that serves, as one test sees it. It may be used by several goroutines; what fails a test with Fatal, as most
// methods do, belongs into the goroutine of the test.
type App struct {
	// URL is where it serves, "http://127.0.0.1:41234"; one of its instances, where it has several.
	URL string
	// OpsURL is where its ops listener is; empty when that is not known.
	OpsURL string

	t      testing.TB
	client *http.Client
	app    *app.App // nil for one in another process
	log    *syncBuffer
	others []*instance    // of the same application, in processes of their own
	turn   *atomic.Uint64 // of the requests
	settle *settler       // nil where there is one instance
	files  string         // the folder of the files

	headers []string // of every request, as pairs; see With
}

// At returns the application that serves at url and that somebody else has started, in another process for instance, and will stop.
func At(t testing.TB, url string) *App {
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}, Timeout: 30 * time.Second}
	t.Cleanup(client.CloseIdleConnections)
	return &App{URL: url, t: t, client: client, turn: new(atomic.Uint64)}
}

// On returns the application for a subtest, which then is what fails.
func (a *App) On(t testing.TB) *App {
	sub := *a
	sub.t = t
	return &sub
}

// Run starts an application with these modules, in mode test, on an empty database with every migration applied. It ends with the test;
// when the test has failed its log is printed. The test fails when an operation answers with an error that its Op.Errors do not name, and when a
// module asks for what it may not touch: another module's table (db.ErrForeignTable), a divided table without a key (db.ErrNoKey), the schema
// (db.ErrSchema). It fails when a request runs one statement again and again (see db.Repeated), more statements than db.query_budget, or more than
// the file testdata/queries.golden of its module says. A module's test gives the module itself and those that it uses.
//
// BANYAN_PROFILE in the environment, which `banyan test --profiles` sets, chooses what stands around the application.
func Run(t testing.TB, builders ...Builder) *App {
	t.Helper()
	call := caller(1)
	if o, ok := myOrder(t, call); ok {
		out := newReports()
		cfg, _ := settings(t, Single)
		cfg.DB.Driver, cfg.DB.DSN, cfg.Instances = "postgres", o.DSN, o.Instances
		withRedis(&cfg, o.Stores)
		cfg.Files.Dir = unit.Exactly(o.Files)
		serveUntilToldToEnd(t, build(t, cfg, o.Keys, os.Stderr, out, builders), out)
	}
	log := &syncBuffer{}
	in := profile(t)
	if os.Getenv(instanceVar) != "" {
		in = Single // this process is on its way to another call of Run
	}
	cfg, fill := settings(t, in)
	keys := keyring.NewKey()
	judge := newJudge(t, cfg.DB.Budget)
	running := build(t, cfg, keys, log, judge, builders)
	judge.modules(running.Modules())
	if err := fill(t, migrationsOf(running.Modules())); err != nil {
		t.Fatal(err)
	}
	if err := running.Start(t.Context()); err != nil {
		t.Fatalf("start the application: %v\n%s", err, log)
	}
	t.Cleanup(func() {
		if err := running.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("stop the application: %v", err)
		}
		if t.Failed() {
			t.Logf("log of the application:\n%s", log)
		}
	})
	others := startInstances(t, cfg.Instances-1, order{
		Test: t.Name(), Call: call, DSN: cfg.DB.DSN, Keys: keys, Files: cfg.Files.Dir.Or(""), Instances: cfg.Instances,
		Stores: stores{cfg.Redis.State, cfg.Redis.Cache, cfg.Redis.Prefix},
	}, log, judge)
	a := At(t, "http://"+running.Server().Addr().String()) // its connections are closed before the application stops
	a.OpsURL, a.app, a.log, a.others, a.files = "http://"+running.Server().OpsAddr().String(), running, log, others, cfg.Files.Dir.Or("")
	if len(others) > 0 {
		a.settle = &settler{ears: newEars(running), others: others}
	}
	return a
}

func migrationsOf(modules []module.Module) []db.Migrations {
	sets := []db.Migrations{platform.Migrations()}
	for _, m := range modules {
		sets = append(sets, db.Migrations{Module: m.Name(), Files: m.Migrations()})
	}
	return sets
}

// watcher is told what an application does that no answer need show, and that a test fails for. The goroutines of requests call it.
type watcher interface {
	wrong(c complaint)
	queries(r querystat.Report)
}

// build puts the application together.
func build(t testing.TB, cfg app.Config, keys string, log io.Writer, w watcher, builders []Builder) *app.App {
	t.Helper()
	ring, err := keyring.Parse(keys)
	if err != nil {
		t.Fatal(err)
	}
	env := app.Env{Name: "apptest", Info: api.Info{Title: "apptest"}, Mode: config.Test, Profile: "single", Keys: ring, Out: log}
	env.Undeclared = func(operation, code string) {
		w.wrong(complaint{Text: fmt.Sprintf("%s answers %s, which no document tells of: name the error in the Op.Errors of its route", operation, code)})
	}
	env.Denied = func(_ context.Context, r db.Refusal) { w.wrong(refusal(r)) }
	env.Queries, env.Tokens = w.queries, verifyToken
	platform, err := app.NewPlatform(env, cfg, app.Drivers{
		DB: drivers(), Sessions: sessionDrivers(), Cache: cacheDrivers(), Files: files.Drivers{"disk": disk.Driver{}}, Images: images.Drivers{"webp": webp.Driver{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var modules []module.Module
	for _, build := range builders {
		m, err := build(platform.Platform)
		if err != nil {
			t.Fatal(err)
		}
		modules = append(modules, m)
	}
	a, err := app.New(platform, modules)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Log returns the lines that the application has logged so far, as text. It fails the test for one that At has returned.
func (a *App) Log() string {
	a.t.Helper()
	if a.app == nil {
		a.t.Fatal("the log of an application in another process is not known")
	}
	if err := a.app.Platform().Telemetry.Writer().Flush(context.WithoutCancel(a.t.Context())); err != nil {
		a.t.Fatal(err)
	}
	for _, other := range a.others {
		other.flush()
	}
	return a.log.String()
}

// next returns where the next request goes: the instances take turns.
func (a *App) next() string {
	n := a.turn.Add(1) % uint64(len(a.others)+1)
	if n == 0 {
		return a.URL
	}
	return a.others[n-1].url
}

// Stored returns what a column of a table holds, as text, of every row, whether the application still shows it or not; "" stands for null. It
// fails the test for an application that At has returned.
func (a *App) Stored(table, column string) []string {
	a.t.Helper()
	if a.app == nil {
		a.t.Fatal("the database of an application in another process is not known")
	}
	rows, err := a.app.Platform().DB.Platform().Query(a.t.Context(), db.Global).Table(table).Select(column).Rows()
	if err != nil {
		a.t.Fatal(err)
	}
	defer rows.Close()
	values := []string{}
	for rows.Next() {
		var v sql.NullString
		if err := rows.Scan(&v); err != nil {
			a.t.Fatal(err)
		}
		values = append(values, v.String)
	}
	if err := rows.Err(); err != nil {
		a.t.Fatal(err)
	}
	return values
}

// Seed adds n rows to every resource. It fails the test for an application that At has returned.
func (a *App) Seed(n int) {
	a.t.Helper()
	if a.app == nil {
		a.t.Fatal("an application in another process is seeded with its command db seed")
	}
	if _, err := a.app.Seed(a.t.Context(), n); err != nil {
		a.t.Fatal(err)
	}
	a.settled()
}

// SeedParts adds n rows by each of these parts of modules, in this order: what is referred to first.
func (a *App) SeedParts(n int, parts ...module.Seeder) {
	a.t.Helper()
	for _, p := range parts {
		if err := p.Seed(a.t.Context(), n); err != nil {
			a.t.Fatal(err)
		}
	}
	a.settled()
}

// IDs returns the texts of the n newest ids that latest, a method of a contract, knows. It fails the test when there are fewer.
func (a *App) IDs(n int, latest func(ctx context.Context, n int) ([]id.ID, error)) []string {
	a.t.Helper()
	ids, err := latest(a.t.Context(), n)
	if err != nil || len(ids) != n {
		a.t.Fatalf("%d ids, want %d; error %v", len(ids), n, err)
	}
	texts := make([]string, n)
	for i, v := range ids {
		texts[i] = v.String()
	}
	return texts
}

// syncBuffer is a buffer that several goroutines may write to.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
