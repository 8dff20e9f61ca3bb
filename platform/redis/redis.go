package redis

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/telemetry"
)

// dialTime is the longest time for a new connection. It is longer than a call: where a connection takes longer than anybody waits, it is there for
// the next one.
const dialTime = time.Second

// cacheShare is the part of redis.timeout that a call of the role cache has: whoever reads there has another place to go to.
const cacheShare = 0.4

// later is how much later than ours the limits of the library are.
const later = 5 * time.Second

// startTime is how long a start waits for a server. It goes on without.
const startTime = 2 * time.Second

// idleTime is how long a connection may be unused before it is closed, which is less than firewalls and servers allow.
const idleTime = 5 * time.Minute

// Options is what the program, rather than its operator, knows. The zero value works.
type Options struct {
	// App is the name of the application, with which its keys begin where Config.Prefix is empty; default "app".
	App string
	// Log is told when a server goes away and when it is back; default none.
	Log *slog.Logger
	// Metrics take the counts of calls; default none.
	Metrics *telemetry.Telemetry
	// Strict makes a call fail whose context has no deadline, with ErrNoDeadline: for tests and mode dev.
	Strict bool
}

// Redis holds the clients of both roles. A nil *Redis is one without servers. It is safe for concurrent use.
type Redis struct{ state, cache *Client }

// State returns the client for what has to stay, nil where redis.state is not set.
func (r *Redis) State() *Client {
	if r == nil {
		return nil
	}
	return r.state
}

// Cache returns the client for what can be read again, nil where neither redis.cache nor redis.state is set.
func (r *Redis) Cache() *Client {
	if r == nil {
		return nil
	}
	return r.cache
}

// Close closes the connections, for a program that has not started the clients. A nil *Redis has none.
func (r *Redis) Close() error {
	var errs []error
	for _, c := range []*Client{r.State(), r.Cache()} {
		if c != nil {
			errs = append(errs, c.library.Close())
		}
	}
	return errors.Join(errs...)
}

// New builds the clients of the roles that have an address, without I/O, and appends their start and stop to lc. Clients work before the start, too:
// connections are made when they are wanted. The start asks each server once. It says in the log that one is away, which is no reason not to start,
// and fails when one refuses the application: IsRefused. An error is of type config.Problems.
func New(cfg Config, o Options, lc *lifecycle.Lifecycle) (*Redis, error) {
	logging.Disable() // the library writes to stderr what its errors say, too
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	metrics, err := newMetrics(o.Metrics)
	if err != nil {
		return nil, err
	}
	r := &Redis{}
	var wrong config.Problems
	for _, role := range []struct {
		name, address string
		client        **Client
	}{{"state", cfg.State, &r.state}, {"cache", cmp.Or(cfg.Cache, cfg.State), &r.cache}} {
		if role.address == "" {
			continue
		}
		c, err := newClient(role.name, role.address, cfg, o, metrics)
		if err != nil {
			wrong = append(wrong, config.Problem{Key: "redis." + role.name, Got: err.Error()})
			continue
		}
		*role.client = c
		lc.Append(lifecycle.Hook{Name: "redis " + role.name, Start: c.start, Stop: c.stop})
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	return r, nil
}

// Client speaks with the server of one role: see Commands and Run. It is safe for concurrent use.
type Client struct {
	library      library
	role, prefix string
	timeout      time.Duration
	log          *slog.Logger
}

// library is a *goredis.Client. Neither the fields of Client nor its methods say so: each package that sees a type of the library through them, and
// that is every module, would compile two thousand wrappers of the library's methods anew, and every program would link them.
type library interface{ Close() error }

func client(c *Client) *goredis.Client { return c.library.(*goredis.Client) }

func newClient(role, address string, cfg Config, o Options, m *metrics) (*Client, error) {
	opt, err := parse(address)
	if err != nil {
		return nil, err
	}
	opt.Dialer = dialer(opt.TLSConfig, doubtOf(role))
	opt.Protocol = 2           // nothing here is pushed by the server, and looking for it costs
	opt.DisableIdentity = true // CLIENT SETINFO, whose late answer was once taken for that of another command (CVE-2025-29923)
	opt.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	opt.MaxRetries, opt.DialerRetries = -1, 1
	opt.DialTimeout, opt.ConnMaxIdleTime = dialTime, idleTime
	// The deadline of the context is what ends a call: the limits of the library begin anew with each step of one.
	opt.ContextTimeoutEnabled = true
	opt.ReadTimeout, opt.WriteTimeout, opt.PoolTimeout = cfg.Timeout+later, cfg.Timeout+later, cfg.Timeout+later
	opt.PoolSize = cfg.maxOpen()
	opt.MaxActiveConns, opt.PipelinePoolSize = opt.PoolSize, -1
	library := goredis.NewClient(opt)
	c := &Client{library: library, role: role, prefix: cmp.Or(cfg.Prefix, o.App, "app") + ":" + role + ":", timeout: cfg.timeout(role), log: o.Log}
	counts := m.of(role)
	library.AddHook(&guard{timeout: c.timeout, strict: o.Strict, counts: counts, breaker: &breaker{changed: func(open bool) {
		counts.breaker(open)
		if open {
			o.Log.Warn("Redis is away: calls fail at once until it answers", "role", role, "addr", opt.Addr)
		} else {
			o.Log.Info("Redis is back", "role", role, "addr", opt.Addr)
		}
	}}})
	return c, nil
}

// doubtOf returns for how long a connection that has just answered is taken to be there. A server that restarts takes longer. One that hands over without a gap costs those
// who read in the cache a call, and they have another place to go to; for all else the pool asks each time.
func doubtOf(role string) time.Duration {
	if role == "cache" {
		return 5 * time.Millisecond
	}
	return 0
}

// dialer makes connections. The library's own does not end the greeting of TLS when its context does.
func dialer(secure *tls.Config, doubt time.Duration) func(ctx context.Context, network, addr string) (net.Conn, error) {
	dial := (&net.Dialer{}).DialContext
	if secure != nil {
		dial = (&tls.Dialer{Config: secure}).DialContext
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return withLimits(conn, doubt), nil
	}
}

// Commands returns what the server can be told, each with the limits that the package promises. Commands that wait on purpose, BLPOP for instance, do
// not get to the end of their wait.
func Commands(c *Client) goredis.Cmdable { return client(c) }

// Process sends a command for which Commands has no method, or one whose answer is read in another way.
func Process(ctx context.Context, c *Client, cmd goredis.Cmder) error {
	return client(c).Process(ctx, cmd)
}

// Subscribe returns a subscription of channels, on a connection of its own that it makes when it is first used: what is published there after Receive has
// returned the *goredis.Subscription arrives, until the connection ends. It has no limits of time but those of its methods, no breaker, and is not counted. Close it.
func Subscribe(ctx context.Context, c *Client, channels ...string) *goredis.PubSub {
	return client(c).Subscribe(ctx, channels...)
}

// Prefix is what every key of the role begins with, "app:state:" for instance.
func (c *Client) Prefix() string { return c.prefix }

// Timeout is the longest time of one call.
func (c *Client) Timeout() time.Duration { return c.timeout }

// Ping asks the server for an answer.
func (c *Client) Ping(ctx context.Context) error { return client(c).Ping(ctx).Err() }

// IsRefused reports whether an error says that the server is there and does not serve this application: a wrong password, a database that it does
// not have, a command that it does not allow, TLS that is not to be trusted.
func IsRefused(err error) bool {
	_, answer := errors.AsType[goredis.Error](err)
	return answer && !IsDown(err) && !errors.Is(err, goredis.Nil) || insecure(err)
}

// start asks the server once.
func (c *Client) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, guarded{}, true), startTime) // which is more than a call has
	defer cancel()
	switch err := c.Ping(ctx); {
	case IsRefused(err):
		return errors.Join(fmt.Errorf("redis.%s refuses: %w", c.role, err), c.library.Close()) // what does not start is not stopped
	case err != nil:
		c.log.WarnContext(ctx, "Redis is away", "role", c.role, "addr", client(c).Options().Addr, "error", err.Error())
		return nil
	}
	if policy := c.eviction(ctx); c.role == "state" && policy != "" {
		c.log.WarnContext(ctx, "Redis evicts where nothing may be lost: sessions end early, and limits start anew; set maxmemory-policy noeviction, or maxmemory 0",
			"role", c.role, "addr", client(c).Options().Addr, "policy", policy)
	}
	return nil
}

// eviction returns how the server makes room when its memory is full, "" for a server that does not, or does not tell.
func (c *Client) eviction(ctx context.Context) string {
	info, err := client(c).InfoMap(ctx, "memory").Result()
	if err != nil {
		return ""
	}
	memory := info["Memory"]
	if policy := memory["maxmemory_policy"]; memory["maxmemory"] != "0" && policy != "noeviction" {
		return policy
	}
	return ""
}

func (c *Client) stop(context.Context) error { return c.library.Close() }
