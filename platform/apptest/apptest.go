// Package apptest runs an application in a test: the real one, over HTTP on a port of its own, with a database of its own. Tests talk to it
// by its address alone, so that the same test can later talk to several processes.
//
// Only tests import it: it links every database driver.
package apptest

import (
	"bytes"
	"context"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/app"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/sqlite"
	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/module"
	"github.com/banyan-go/banyan/platform/unit"
)

// Builder builds one module of the application under test, as the New of its wire package does.
type Builder func(p module.Platform) (module.Module, error)

// App is an application that serves until its test ends.
type App struct {
	// URL is where it serves, "http://127.0.0.1:41234".
	URL string
	// OpsURL is where its ops listener is.
	OpsURL string

	t      testing.TB
	client *http.Client
	app    *app.App
}

// Run starts an application with these modules, in mode test, on an empty database with every migration applied. It ends with the test;
// when the test has failed its log is printed. A module's test gives the module itself and those that it uses.
func Run(t testing.TB, builders ...Builder) *App {
	t.Helper()
	log := &syncBuffer{}
	cfg := settings(filepath.Join(t.TempDir(), "app.db"))
	ring, err := keyring.Parse(keyring.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	env := app.Env{Name: "apptest", Info: api.Info{Title: "apptest"}, Mode: config.Test, Profile: "single", Keys: ring, Out: log}
	platform, err := app.NewPlatform(env, cfg, app.Drivers{DB: db.Drivers{"sqlite": sqlite.Driver{}}})
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
	running, err := app.New(platform, modules)
	if err != nil {
		t.Fatal(err)
	}
	if err := running.Start(t.Context()); err != nil {
		t.Fatalf("start the application: %v\n%s", err, log)
	}
	a := &App{
		URL:    "http://" + running.Server().Addr().String(),
		OpsURL: "http://" + running.Server().OpsAddr().String(),
		t:      t,
		client: &http.Client{Transport: &http.Transport{DisableCompression: true}, Timeout: 30 * time.Second},
		app:    running,
	}
	t.Cleanup(func() {
		a.client.CloseIdleConnections()
		if err := running.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("stop the application: %v", err)
		}
		if t.Failed() {
			t.Logf("log of the application:\n%s", log)
		}
	})
	return a
}

// settings are those of profile single, with nothing that two tests could share.
func settings(database string) app.Config {
	cfg := app.Default()
	cfg.DB.DSN = "file:" + database
	cfg.HTTP.Addr = "127.0.0.1:0"
	cfg.HTTP.OpsAddr = unit.Exactly("127.0.0.1:0")
	cfg.HTTP.Drain = unit.Exactly(time.Duration(0))
	return cfg
}

// Seed adds n rows to every resource.
func (a *App) Seed(n int) {
	a.t.Helper()
	if _, err := a.app.Seed(a.t.Context(), n); err != nil {
		a.t.Fatal(err)
	}
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
