package cdn

import (
	"net/url"
	"time"

	"github.com/banyan-go/banyan/platform/config"
)

// None is the vendor of an application without caches in front.
const None = "none"

// Config is the section `cdn`.
type Config struct {
	Vendor  string        `config:"vendor" doc:"What the caches in front are, and so how they are told what is out of date: varnish by tags, nginx by address, none."`
	Caches  []string      `config:"caches" doc:"Addresses of these caches, http://10.0.0.5:6081 each; without any, answers have tags and nothing is purged."`
	Token   string        `config:"token" secret:"true" doc:"What a purge shows in the header X-Purge-Token; empty shows nothing, and the cache goes by the address of this machine."`
	Timeout time.Duration `config:"timeout" doc:"Longest time of one call to a cache."`
	Wait    time.Duration `config:"wait" doc:"Longest time that a change waits for the caches before it is done; they are told in any case. 0 does not wait."`
}

// Default returns the settings of an application without caches in front.
func Default() Config {
	return Config{Vendor: None, Timeout: time.Second, Wait: 250 * time.Millisecond}
}

// Validate reports addresses that are none, and times that cannot be.
func (c Config) Validate(r *config.Report) {
	for _, address := range c.Caches {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil {
			r.Add("caches", address, "the address of a cache, http://10.0.0.5:6081")
		}
	}
	if c.Vendor == None && len(c.Caches) > 0 {
		r.Add("vendor", c.Vendor, "that of cdn.caches: varnish or nginx")
	}
	if c.Timeout < time.Millisecond || c.Timeout > time.Minute {
		r.Add("timeout", c.Timeout.String(), "1ms to 1m")
	}
	if c.Wait < 0 || c.Wait > 5*time.Second {
		r.Add("wait", c.Wait.String(), "0 to 5s")
	}
}
