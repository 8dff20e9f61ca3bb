package config_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing/fstest"
	"time"

	"github.com/banyan-go/banyan/platform/config"
)

// PoolConfig belongs to the component that has a pool: keys, defaults and rules in one place.
type PoolConfig struct {
	MaxOpen int           `config:"max_open" doc:"Most connections that are open at a time."`
	MaxIdle int           `config:"max_idle" doc:"Most connections that are kept open without use; at most max_open."`
	MaxLife time.Duration `config:"max_life" doc:"Age at which a connection is closed; 0s keeps it."`
}

// Validate holds the rules across its fields.
func (c PoolConfig) Validate(r *config.Report) {
	if c.MaxIdle > c.MaxOpen {
		r.Add("max_idle", strconv.Itoa(c.MaxIdle), fmt.Sprintf("at most max_open (%d)", c.MaxOpen))
	}
}

// AppConfig nests the components' structs as the components nest.
type AppConfig struct {
	Addr string     `config:"addr" doc:"Address to listen on."`
	DSN  string     `config:"dsn" secret:"true" doc:"Where the database is."`
	Pool PoolConfig `config:"pool"`
}

func defaultAppConfig() AppConfig {
	return AppConfig{Addr: ":8080", DSN: "file:app.db", Pool: PoolConfig{MaxOpen: 8, MaxIdle: 2}}
}

func Example() {
	cfg := defaultAppConfig()
	loaded, err := config.Load(&cfg, config.Options{
		Profile: "cached",
		Embedded: fstest.MapFS{
			"base.yaml":            {Data: []byte("pool:\n  max_life: 30m\n")},
			"profiles/cached.yaml": {Data: []byte("pool:\n  max_open: 32\n")},
		},
		Environ: []string{"PORT=3000", "DATABASE_URL=postgres://app:hunter2@db/app"},
		Aliases: []config.Alias{
			{Var: "DATABASE_URL", Key: "dsn"},
			{Var: "PORT", Key: "addr", Map: func(port string) (string, error) { return ":" + port, nil }},
		},
		Set: []string{"pool.max_idle=16"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(cfg.Addr, cfg.Pool.MaxOpen, cfg.Pool.MaxLife)
	for _, s := range loaded.Settings() {
		fmt.Printf("%-14s %-6s %-32s (default %s)\n", s.Key, s.Value, s.Origin, s.Default)
	}
	// Output:
	// :3000 32 30m0s
	// addr           :3000  env PORT                         (default :8080)
	// dsn            ••••   env DATABASE_URL                 (default ••••)
	// pool.max_idle  16     --set                            (default 2)
	// pool.max_life  30m    embedded:base.yaml:2             (default 0s)
	// pool.max_open  32     embedded:profiles/cached.yaml:2  (default 8)
}

func ExampleProblems() {
	cfg := defaultAppConfig()
	_, err := config.Load(&cfg, config.Options{
		Embedded: fstest.MapFS{
			"base.yaml":            {Data: []byte("adr: :80\npool:\n  max_life: 30\n")},
			"profiles/single.yaml": {},
		},
		Environ: []string{"APP_POOL__MAX_OPEN=many"},
	})
	if problems, ok := errors.AsType[config.Problems](err); ok {
		fmt.Println(len(problems), "problems, the first with", problems[0].Key)
	}
	fmt.Println(err)
	// Output:
	// 3 problems, the first with adr
	// embedded:base.yaml:1    adr            unknown key, did you mean addr?
	// embedded:base.yaml:3    pool.max_life  got "30", want a duration; needs a unit, 10s for instance
	// env APP_POOL__MAX_OPEN  pool.max_open  got "many", want a whole number; decimal digits only, without leading zeros
}

// A component tests its own rules without any file: what is loaded are the built-in values alone.
func ExampleReport_Add() {
	cfg := defaultAppConfig()
	cfg.Pool.MaxIdle = 9
	_, err := config.Load(&cfg, config.Options{})
	fmt.Println(err)
	// Output: built-in  pool.max_idle  got 9, want at most max_open (8)
}
