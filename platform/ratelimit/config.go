package ratelimit

import (
	"strconv"
	"time"

	"github.com/banyan-go/banyan/platform/config"
)

// DefaultName is the name of the rule of a route that names none.
const DefaultName = "default"

// storeRedis is the store that all processes share.
const storeRedis = "redis"

// Config is the section `limits`.
type Config struct {
	Enabled  bool            `config:"enabled" doc:"Whether anything is limited; false counts nothing and sends no headers."`
	Store    string          `config:"store" enum:"memory,redis" doc:"Where requests are counted: memory, for one process alone, or redis, for all of them together."`
	Default  Rule            `config:"default" doc:"Rule of the routes that have none of their own: 600 per 1m by user_or_ip for instance; behind the window may stand by ip, user, user_or_ip, global or header NAME, gcra, burst N, down local, allow or deny; off for no limit."`
	Rules    map[string]Rule `config:"rules" dotted:"true" doc:"Rules that differ from what their modules say, by name, accounts.login for instance; what a text leaves out stays as the module has it."`
	Subjects int             `config:"subjects" doc:"Most subjects that a rule counts in memory, 1000 to 10000000; where there are more, those that have not been seen for longest are forgotten."`
	// Legacy adds X-RateLimit-Limit, X-RateLimit-Remaining and X-RateLimit-Reset.
	Legacy bool `config:"legacy_headers" doc:"Whether answers carry X-RateLimit-Limit, -Remaining and -Reset too, for clients that do not know RateLimit."`
}

// Default returns 600 requests per minute for each user, or address, counted in memory.
func Default() Config {
	return Config{
		Enabled:  true,
		Store:    "memory",
		Default:  Rule{Max: 600, Window: time.Minute, Key: UserOrIP},
		Subjects: 100_000,
	}
}

// Shared reports whether all processes count together.
func (c Config) Shared() bool { return c.Enabled && c.Store == storeRedis }

// Validate reports settings that are impossible.
func (c Config) Validate(r *config.Report) {
	if c.Subjects < 1000 || c.Subjects > 10_000_000 {
		r.Add("subjects", strconv.Itoa(c.Subjects), "1000 to 10000000")
	}
	if c.Default.Key == Subject || c.Default.Key == User {
		r.Add("default", c.Default.String(), "a key that every route has: ip, user_or_ip, global or header NAME")
	}
	if rule, ok := c.Rules[DefaultName]; ok {
		r.Add("rules."+DefaultName, rule.String(), "the key limits.default")
	}
}
