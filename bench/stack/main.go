// Command stack is the smallest application: one raw and one typed route that answer with a constant, under everything that the
// platform puts around a request. The benchmarks compare it with bare fiber.
package main

import (
	"github.com/banyan-go/banyan/configs"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/app"
	"github.com/banyan-go/banyan/platform/cache"
	cacheredis "github.com/banyan-go/banyan/platform/cache/redisstore"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/sqlite"
	"github.com/banyan-go/banyan/platform/module"
	"github.com/banyan-go/banyan/platform/session"
	"github.com/banyan-go/banyan/platform/session/memory"
	"github.com/banyan-go/banyan/platform/session/redisstore"
	"github.com/banyan-go/banyan/platform/session/sqlstore"
)

func main() {
	app.Main(app.Program[app.Config]{
		Name:    "stack",
		Info:    api.Info{Title: "stack", License: "MIT"},
		Configs: configs.Files,
		Default: app.Default,
		Build:   build,
	})
}

func build(env app.Env, cfg app.Config) (*app.App, error) {
	platform, err := app.NewPlatform(env, cfg, app.Drivers{
		DB:       db.Drivers{"sqlite": sqlite.Driver{}},
		Cache:    cache.Drivers{"redis": cacheredis.Driver{}},
		Sessions: session.Drivers{"db": sqlstore.Driver{}, "memory": memory.Driver{}, "redis": redisstore.Driver{}},
	})
	if err != nil {
		return nil, err
	}
	b, err := newBench(platform.Platform, cfg.Redis.State)
	if err != nil {
		return nil, err
	}
	return app.New(platform, []module.Module{b})
}
