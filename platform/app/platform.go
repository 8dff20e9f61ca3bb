package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/banyan-go/banyan/platform/assets"
	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/files"
	"github.com/banyan-go/banyan/platform/images"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/mail"
	"github.com/banyan-go/banyan/platform/module"
	"github.com/banyan-go/banyan/platform/password"
	"github.com/banyan-go/banyan/platform/redis"
	"github.com/banyan-go/banyan/platform/session"
	"github.com/banyan-go/banyan/platform/telemetry"
)

// Platform is the capabilities of one application, built and not started.
type Platform struct {
	module.Platform
	Telemetry *telemetry.Telemetry
	// Redis holds the clients of the servers that the configuration names, and may hold none.
	Redis   *redis.Redis
	base    *lifecycle.Lifecycle // telemetry and database: what a command needs that serves nothing
	cfg     Config
	env     Env
	drivers Drivers
}

// NewPlatform builds the capabilities that modules need, without I/O. The error names the setting that is wrong.
func NewPlatform(env Env, cfg Config, drivers Drivers) (*Platform, error) {
	tel, err := telemetry.New(cfg.Telemetry, telemetry.Options{Service: env.Name, Version: env.Version, Text: env.Dev(), Color: env.Color, Out: env.Out, Data: cfg.dataFolder()})
	if err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	base := &lifecycle.Lifecycle{}
	// First in, last out: what stops before can still log.
	base.Append(lifecycle.Hook{Name: "telemetry", Stop: func(ctx context.Context) error { return tel.Stop(context.WithoutCancel(ctx)) }})
	database, err := newDB(env, cfg, drivers, base, tel)
	if wrong := cfg.withoutRedis(); len(wrong) > 0 && !env.Describe {
		if of, ok := errors.AsType[config.Problems](err); ok || err == nil {
			err = append(of, wrong...) // told together
		}
	}
	if err != nil {
		return nil, err
	}
	started := &lifecycle.Lifecycle{}
	stores, err := redis.New(cfg.Redis, redis.Options{App: env.Name, Log: tel.Logger(), Metrics: tel, Strict: env.Mode != config.Prod}, started)
	if err != nil {
		return nil, err
	}
	values, err := newCache(env, cfg, drivers, database, stores, tel, started)
	if err != nil {
		return nil, err
	}
	sessions, err := newSessions(env, cfg, drivers, database, stores, tel, started)
	if err != nil {
		return nil, err
	}
	mailer, err := mail.New(cfg.Mail, mail.Options{Drivers: drivers.Mail, Mailbox: env.Mode != config.Prod || env.Describe, Log: tel.Logger(), Metrics: tel}, started)
	if err != nil {
		return nil, err
	}
	limits, err := newLimits(env, cfg, stores, tel)
	if err != nil {
		return nil, err
	}
	kept, err := newFiles(cfg, drivers, tel, started)
	if err != nil {
		return nil, err
	}
	pictures, err := images.New(cfg.Images, drivers.Images, kept, started)
	if err != nil {
		return nil, err
	}
	return &Platform{
		Platform: module.Platform{
			DB: database, Clock: clock.System(), Keys: env.Keys, Passwords: password.New(), Sessions: sessions,
			Limits: limits, Cache: values, Assets: assets.New(cfg.Assets, started), Files: kept, Images: pictures, Mail: mailer, Log: tel.Logger(), Lifecycle: started,
		},
		Telemetry: tel,
		Redis:     stores,
		base:      base,
		cfg:       cfg,
		env:       env,
		drivers:   drivers,
	}, nil
}

func newDB(env Env, cfg Config, drivers Drivers, base *lifecycle.Lifecycle, tel *telemetry.Telemetry) (*db.DB, error) {
	cfg.DB.Instances = cfg.Instances
	cfg.DB.Guard = guard(env, tel)
	if env.Describe {
		return db.Describe(cfg.DB, drivers.DB, base, tel.Logger()), nil
	}
	return db.New(cfg.DB, drivers.DB, base, tel.Logger())
}

// newCache returns the cache. That of an application which is only described is in memory: what it is to share need not be there.
func newCache(env Env, cfg Config, drivers Drivers, database *db.DB, stores *redis.Redis, tel *telemetry.Telemetry, lc *lifecycle.Lifecycle) (*cache.Cache, error) {
	if env.Describe {
		cfg.Cache.L2.Driver = cache.None
	}
	return cache.New(cfg.Cache, cache.Options{
		Drivers: drivers.Cache, Redis: stores, DB: database, Instances: cfg.Instances, Log: tel.Logger(), Metrics: tel,
	}, lc)
}

// newSessions returns nil for an application that is compiled without a store for them, and for one that is only described: what a store stands on
// need not be there.
func newSessions(env Env, cfg Config, drivers Drivers, database *db.DB, stores *redis.Redis, tel *telemetry.Telemetry, lc *lifecycle.Lifecycle) (*session.Sessions, error) {
	if env.Describe || len(drivers.Sessions) == 0 {
		return nil, nil
	}
	return session.New(cfg.Session, session.Options{
		Drivers: drivers.Sessions, DB: database, Redis: stores, Keys: env.Keys, Instances: cfg.Instances, Plain: plainCookie(env),
		Log: tel.Logger(), Metrics: tel, Lifecycle: lc,
	})
}

// newFiles returns nil for an application that is compiled without a place for them.
func newFiles(cfg Config, drivers Drivers, tel *telemetry.Telemetry, lc *lifecycle.Lifecycle) (*files.Files, error) {
	if len(drivers.Files) == 0 {
		return nil, nil
	}
	return files.New(cfg.Files, cfg.filesFolder(), drivers.Files, tel.Logger(), lc)
}

// guard keeps the statements of modules to their own tables while somebody develops or tests them.
func guard(env Env, tel *telemetry.Telemetry) db.Guard {
	g := db.Guard{On: env.Mode != config.Prod, Denied: env.Denied}
	if g.Denied == nil && env.Dev() {
		g.Denied = func(ctx context.Context, r db.Refusal) {
			tel.Logger().WarnContext(ctx, "a statement was refused", "route", r.Route, "sql", r.SQL, "at", r.At, "error", r.Err.Error())
		}
	}
	return g
}
