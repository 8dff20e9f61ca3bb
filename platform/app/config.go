package app

import (
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"github.com/banyan-go/banyan/platform/assets"
	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/cdn"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/files"
	"github.com/banyan-go/banyan/platform/httpserver"
	"github.com/banyan-go/banyan/platform/idempotency"
	"github.com/banyan-go/banyan/platform/images"
	"github.com/banyan-go/banyan/platform/mail"
	"github.com/banyan-go/banyan/platform/ratelimit"
	"github.com/banyan-go/banyan/platform/redis"
	"github.com/banyan-go/banyan/platform/session"
	"github.com/banyan-go/banyan/platform/telemetry"
	"github.com/banyan-go/banyan/platform/unit"
)

// Config is the platform's share of an application's configuration. An application embeds it beside the section of its modules.
type Config struct {
	Phase       int                   `config:"phase" doc:"Phase of growth that the profile is made for, 1 to 4; about shows it."`
	Instances   int                   `config:"instances" doc:"Processes of this program that run at the same time, at most: their connections together fit into the database server, and only what they can share will do."`
	Memory      unit.Auto[unit.Bytes] `config:"memory_limit" doc:"Memory that the process tries to stay below; auto is nine tenths of what its container or machine has."`
	HTTP        httpserver.Config     `config:"http"`
	API         APIConfig             `config:"api"`
	DB          db.Config             `config:"db"`
	Redis       redis.Config          `config:"redis"`
	Cache       cache.Config          `config:"cache"`
	CDN         cdn.Config            `config:"cdn"`
	Session     session.Config        `config:"session"`
	Limits      ratelimit.Config      `config:"limits"`
	Mail        mail.Config           `config:"mail"`
	Idempotency idempotency.Config    `config:"idempotency"`
	Assets      assets.Config         `config:"assets"`
	Files       files.Config          `config:"files"`
	Images      images.Config         `config:"images"`
	Telemetry   telemetry.Config      `config:"telemetry"`
}

// APIConfig is the section `api`.
type APIConfig struct {
	Docs  unit.Auto[string] `config:"docs" enum:"auto,on,off" doc:"Whether /docs and /openapi.json are served: on, off, or auto, which is on but in mode prod."`
	Depth int               `config:"depth" doc:"Deepest nesting of objects and arrays in a JSON body."`
}

// Default returns the built-in settings.
func Default() Config {
	return Config{
		Phase:       1,
		Instances:   1,
		HTTP:        httpserver.Default(),
		API:         APIConfig{Depth: 32},
		DB:          db.Default(),
		Redis:       redis.Default(),
		Cache:       cache.Default(),
		CDN:         cdn.Default(),
		Session:     session.Default(),
		Limits:      ratelimit.Default(),
		Mail:        mail.Default(),
		Idempotency: idempotency.Default(),
		Assets:      assets.Default(),
		Files:       files.Default(),
		Images:      images.Default(),
		Telemetry:   telemetry.DefaultConfig(),
	}
}

// Validate reports contradictions between sections.
func (c Config) Validate(r *config.Report) {
	if c.Phase < 1 || c.Phase > 4 {
		r.Add("phase", strconv.Itoa(c.Phase), "1 to 4")
	}
	switch {
	case c.Instances < 1 || c.Instances > 10_000:
		r.Add("instances", strconv.Itoa(c.Instances), "1 to 10000")
	case c.Instances > 1 && c.DB.Driver == "sqlite":
		r.Add("instances", strconv.Itoa(c.Instances), "1 with db.driver sqlite, whose file stands on the disk of one machine; or a database server")
	case c.Instances > 1 && c.Limits.Enabled && !c.Limits.Shared():
		r.Add("limits.store", c.Limits.Store, "redis, where instances is more than 1: each process would count for itself")
	}
	if c.Instances > 1 && c.Session.Store == "memory" {
		r.Add("session.store", strconv.Quote(c.Session.Store), "db or redis with more than one instance: each would know its own sessions alone")
	}
	if limit := c.Memory.Or(unit.GiB); limit < 16*unit.MiB {
		r.Add("memory_limit", limit.String(), "auto, or at least 16MiB")
	}
	if docs := c.API.Docs.Or("on"); docs != "on" && docs != "off" {
		r.Add("api.docs", docs, "auto, on or off")
	}
	if c.API.Depth < 1 || c.API.Depth > 1000 {
		r.Add("api.depth", strconv.Itoa(c.API.Depth), "1 to 1000")
	}
	if n := c.Telemetry.MaxSeries; n < 1 {
		r.Add("telemetry.max_series", strconv.Itoa(n), "1 or more")
	}
	if c.DB.Statement >= c.HTTP.RequestTimeout {
		r.Add("db.statement_timeout", c.DB.Statement.String(), "less than http.request_timeout, "+c.HTTP.RequestTimeout.String())
	}
	if c.Idempotency.Lease <= c.HTTP.RequestTimeout {
		r.Add("idempotency.lease", c.Idempotency.Lease.String(), "more than http.request_timeout, "+c.HTTP.RequestTimeout.String())
	}
	if c.DB.Pool.Wait >= c.HTTP.RequestTimeout {
		r.Add("db.pool.wait", c.DB.Pool.Wait.String(), "less than http.request_timeout, "+c.HTTP.RequestTimeout.String())
	}
	if c.Redis.Timeout >= c.HTTP.RequestTimeout {
		r.Add("redis.timeout", c.Redis.Timeout.String(), "less than http.request_timeout, "+c.HTTP.RequestTimeout.String())
	}
}

// withoutRedis returns what is wrong when something is to be kept in Redis and there is none. It is no rule of Validate: a profile leaves the address,
// a secret, to the place where it serves.
func (c Config) withoutRedis() (wrong config.Problems) {
	for _, kept := range []struct{ key, store string }{{"session.store", c.Session.Store}, {"limits.store", c.Limits.Store}} {
		if kept.store == "redis" && c.Redis.State == "" && len(wrong) == 0 {
			wrong = append(wrong, config.Problem{
				Key: "redis.state", Got: "is not set, and " + kept.key + " is redis", Hint: "put the address of the server into REDIS_URL, or into a file that APP_REDIS__STATE_FILE names",
			})
		}
	}
	if c.Cache.L2.Driver == "redis" && c.Redis.State == "" && c.Redis.Cache == "" && len(wrong) == 0 {
		wrong = append(wrong, config.Problem{
			Key: "redis.cache", Got: "is not set, and cache.l2.driver is redis", Hint: "put the address of the server into REDIS_CACHE_URL, or into a file that APP_REDIS__CACHE_FILE names",
		})
	}
	return wrong
}

// docs reports whether the document is served.
func (c APIConfig) docs(mode config.Mode) bool {
	if mode == config.Prod {
		return c.Docs.Or("off") == "on"
	}
	return c.Docs.Or("on") == "on"
}

// dataFolder returns where the application keeps what it may not lose, or works, where that is on a server.
func (c Config) dataFolder() string {
	if c.DB.Driver == "sqlite" {
		return filepath.Dir(strings.TrimPrefix(c.DB.DSN, "file:"))
	}
	return "."
}

// filesFolder returns where files are kept unless the settings say it. Of several processes nobody but the settings knows what they all see.
func (c Config) filesFolder() string {
	switch {
	case c.DB.Driver == "sqlite":
		return filepath.Join(c.dataFolder(), "files")
	case c.Instances > 1:
		return ""
	}
	return "data/files"
}

// limitMemory gives the garbage collector its limit and returns it; 0 when there is none to be found.
func (c Config) limitMemory() unit.Bytes {
	if !c.Memory.IsAuto() {
		debug.SetMemoryLimit(int64(c.Memory.Or(0)))
		return c.Memory.Or(0)
	}
	limit, err := memlimit.Set(memlimit.WithRatio(0.9), memlimit.WithProvider(memlimit.ApplyFallback(memlimit.FromCgroup, memlimit.FromSystem)))
	if err != nil {
		return 0
	}
	return unit.Bytes(limit)
}
