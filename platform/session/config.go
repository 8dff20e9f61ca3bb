package session

import (
	"time"

	"github.com/banyan-go/banyan/platform/config"
)

// Config is the section `session`.
type Config struct {
	Store    string        `config:"store" doc:"Where sessions are kept; one that is compiled in (drivers.go): db, redis, or memory, which is for one instance alone and forgets them when it ends."`
	Idle     time.Duration `config:"ttl" doc:"How long a session lasts after it was last seen."`
	Absolute time.Duration `config:"absolute" doc:"How long a session lasts at most, seen or not; at least session.ttl."`
	Touch    time.Duration `config:"touch" doc:"That a session was seen is written once in this time at most, and so may its end come earlier by this much; less than session.ttl."`
}

// Default returns the settings that need nothing but the database.
func Default() Config {
	return Config{Store: "db", Idle: 24 * time.Hour, Absolute: 30 * 24 * time.Hour, Touch: 5 * time.Minute}
}

// The limits of the times. The longest is what browsers keep a cookie for.
const (
	shortest = time.Second
	longest  = 400 * 24 * time.Hour
)

// Validate reports settings that contradict each other.
func (c Config) Validate(r *config.Report) {
	if c.Store == "" {
		r.Add("store", "nothing", "db, redis or memory")
	}
	if c.Absolute < shortest || c.Absolute > longest {
		r.Add("absolute", c.Absolute.String(), "from 1s to 9600h, which is how long browsers keep a cookie")
	}
	if c.Idle < shortest || c.Idle > c.Absolute {
		r.Add("ttl", c.Idle.String(), "from 1s to session.absolute, "+c.Absolute.String())
	}
	if c.Touch < 0 || c.Touch >= c.Idle {
		r.Add("touch", c.Touch.String(), "0 or more, and less than session.ttl, "+c.Idle.String())
	}
}
