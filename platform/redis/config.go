package redis

import (
	"cmp"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/unit"
)

// Config is the section `redis`.
type Config struct {
	State   string        `config:"state" secret:"true" doc:"Address of the server for sessions and limits, which may not evict: redis://user:password@host:6379/0, rediss:// for TLS, or unix:///run/redis.sock; empty for none."`
	Cache   string        `config:"cache" secret:"true" doc:"Address of the server for what can be read again, which may evict; empty is the server of redis.state."`
	Prefix  string        `config:"prefix" doc:"What every key begins with, before the role; empty is the application's name. Applications that share a server differ in it."`
	Timeout time.Duration `config:"timeout" doc:"Longest time of one call, with the wait for a connection; less than http.request_timeout. One to redis.cache has two fifths of it: what is not there in time is read from the database."`
	Pool    Pool          `config:"pool"`
}

// Pool is the section `redis.pool`.
type Pool struct {
	MaxOpen unit.Auto[int] `config:"max_open" doc:"Most connections of this process to each of the two servers; auto is 32 for each CPU, from 64 to 256."`
}

// Default returns the settings of an application without Redis.
func Default() Config { return Config{Timeout: 100 * time.Millisecond} }

// Validate reports addresses that are none, and limits that cannot be.
func (c Config) Validate(r *config.Report) {
	servers := map[string]string{}
	for _, role := range []struct{ key, address string }{{"state", c.State}, {"cache", c.Cache}} {
		if role.address == "" {
			continue
		}
		o, err := parse(role.address)
		switch {
		case err != nil:
			r.Add(role.key, role.address, "redis://user:password@host:6379/0, rediss:// for TLS, or unix:///run/redis.sock; this one "+err.Error())
		case servers[o.Addr] != "":
			r.Add(role.key, role.address, "another server than redis.state, since the databases of one share its memory; or nothing, which is that server")
		default:
			servers[o.Addr] = role.key
		}
	}
	if len(c.Prefix) > 64 || strings.Trim(c.Prefix, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:_-") != "" {
		r.Add("prefix", c.Prefix, "at most 64 letters, digits and . : _ -")
	}
	if c.Timeout < time.Millisecond || c.Timeout > 10*time.Second {
		r.Add("timeout", c.Timeout.String(), "1ms to 10s")
	}
	if n := c.Pool.MaxOpen.Or(1); n < 1 || n > 10_000 {
		r.Add("pool.max_open", c.Pool.MaxOpen.String(), "auto or a number from 1 to 10000")
	}
}

// maxOpen returns the size of a pool. It is a large one: to wait for a connection takes a channel and a timer each time, a sixth of a call.
func (c Config) maxOpen() int {
	return c.Pool.MaxOpen.Or(min(max(32*runtime.GOMAXPROCS(0), 64), 256))
}

// timeout returns how long a call of a role may take.
func (c Config) timeout(role string) time.Duration {
	if role == "cache" {
		return time.Duration(float64(c.Timeout) * cacheShare)
	}
	return c.Timeout
}

// parse reads an address. The error says nothing that stands in it, and what is wrong as a predicate: "has no host".
func parse(address string) (*goredis.Options, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, errors.New("cannot be read: what is special in a password is written as %XX")
	case u.Scheme != "redis" && u.Scheme != "rediss" && u.Scheme != "unix":
		return nil, errors.New("begins with something else")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("has settings behind it, which are keys of the section redis here")
	}
	o := &goredis.Options{Username: u.User.Username()}
	o.Password, _ = u.User.Password()
	if u.Scheme == "unix" {
		o.Network, o.Addr = "unix", u.Path
		if u.Host != "" || u.Path == "" {
			return nil, errors.New("has no path of a socket: unix:///run/redis/redis.sock")
		}
		return o, nil
	}
	if u.Scheme == "rediss" {
		o.TLSConfig = &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}
	}
	o.Network, o.Addr = "tcp", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "6379"))
	if u.Hostname() == "" {
		return nil, errors.New("has no host")
	}
	if n, err := strconv.ParseUint(cmp.Or(u.Port(), "6379"), 10, 16); err != nil || n == 0 {
		return nil, errors.New("has a port that is no number from 1 to 65535")
	}
	if path := strings.Trim(u.Path, "/"); path != "" {
		if o.DB, err = strconv.Atoi(path); err != nil || o.DB < 0 {
			return nil, errors.New("has a path that is no number of a database")
		}
	}
	return o, nil
}
