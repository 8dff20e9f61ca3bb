package idempotency

import (
	"time"

	"github.com/banyan-go/banyan/platform/config"
)

// Config is the section `idempotency`.
type Config struct {
	Enabled   bool          `config:"enabled" doc:"Whether the header Idempotency-Key of a POST is heeded: false ignores it, and a request that is repeated is carried out again."`
	Retention time.Duration `config:"retention" doc:"How long an answer is kept; the same key is a new one afterwards."`
	Lease     time.Duration `config:"lease" doc:"How long a request that has not come to its end keeps others with its key away, should its process have died; more than http.request_timeout."`
}

// Default returns the settings of every profile.
func Default() Config {
	return Config{Enabled: true, Retention: 24 * time.Hour, Lease: 15 * time.Second}
}

// Validate reports settings that are impossible or contradict each other.
func (c Config) Validate(r *config.Report) {
	if c.Lease < time.Second || c.Lease > time.Hour {
		r.Add("lease", c.Lease.String(), "1s to 1h")
	}
	if c.Retention < c.Lease || c.Retention > 90*24*time.Hour {
		r.Add("retention", c.Retention.String(), "idempotency.lease, "+c.Lease.String()+", to 2160h")
	}
}
