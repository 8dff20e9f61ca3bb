package cdn

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/telemetry"
)

// Options are what a CDN stands on.
type Options struct {
	// App is in the tags, so that applications behind one cache do not purge each other's answers.
	App string
	// Drivers are those of other vendors; nil for none.
	Drivers Drivers
	// Again is how long after a purge the same is purged once more; 0 is a second.
	Again   time.Duration
	Log     *slog.Logger
	Metrics *telemetry.Telemetry
}

// CDN is the caches in front of an application. It is safe for concurrent use. A nil CDN stands for none.
type CDN struct {
	app       string
	log       *slog.Logger
	driver    Driver
	header    string
	separator string
	targets   []*target
	known     *addresses // nil where caches know tags
}

// New builds it without I/O, and appends its start and stop to lc. It returns nil for an application without caches in front. What is wrong with the
// settings it returns as config.Problems.
func New(cfg Config, o Options, lc *lifecycle.Lifecycle) (*CDN, error) {
	if cfg.Vendor == None {
		return nil, nil
	}
	all := builtIn()
	maps.Copy(all, o.Drivers)
	d, ok := all[cfg.Vendor]
	if !ok {
		names := append(slices.Sorted(maps.Keys(all)), None)
		return nil, config.Problems{{Key: "cdn.vendor", Got: strconv.Quote(cfg.Vendor), Hint: strings.Join(names, ", ")}}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Again == 0 {
		o.Again = time.Second
	}
	purges, err := o.Metrics.Counter("cdn_purges_total", "Calls to a cache in front that tell it what is out of date, by the cache and whether it has done so.", "cache", "outcome")
	if err != nil {
		return nil, err
	}
	c := &CDN{app: o.App, log: o.Log, driver: d}
	if c.header, c.separator = d.Header(); c.header == "" {
		c.known = newAddresses()
	}
	client := &http.Client{
		Timeout:       cfg.Timeout,
		Transport:     &http.Transport{MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, address := range cfg.Caches {
		t := newTarget(d, Cache{Address: address, Token: cfg.Token, Client: client}, c.tag(everything), o.Again, o.Log)
		t.done, t.failed = purges.With(address, "done"), purges.With(address, "failed")
		c.targets = append(c.targets, t)
	}
	lc.Append(lifecycle.Hook{Name: "cdn", Start: c.start, Stop: func(ctx context.Context) error {
		defer client.CloseIdleConnections()
		return c.stop(ctx)
	}})
	return c, nil
}

func (c *CDN) start(context.Context) error {
	for _, t := range c.targets {
		t.start()
	}
	return nil
}

// stop tells the caches what they have not been told yet, for a moment and while ctx lasts. From those that know no tags it takes all answers of this process: when it has ended
// nobody knows where they are. How many that are nobody can help, so that it is no error when the moment does not suffice.
func (c *CDN) stop(ctx context.Context) error {
	if c.known != nil {
		c.Forget([]string{everything})
	}
	var errs []error
	for _, t := range c.targets {
		err := t.stop(ctx)
		if err != nil && c.known != nil {
			c.log.WarnContext(ctx, "a cache in front keeps answers that nobody can purge any more, for their time", "error", err.Error())
			continue
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Label returns the header by which an answer tells what it was made of; the name is empty where no cache wants to know, and the value where there is too much
// to tell: such an answer is not for caches in front.
func (c *CDN) Label(names []string) (header, value string) {
	if c == nil || c.header == "" {
		return "", ""
	}
	return c.header, strings.Join(c.tags(names), c.separator)
}

// ByAddress reports whether Note wants to know of answers.
func (c *CDN) ByAddress() bool { return c != nil && c.known != nil }

// Note remembers that caches in front may keep the answer at an address, a path with its query, for so long, and what it was made of.
func (c *CDN) Note(address string, names []string, lasts time.Duration) {
	if c.ByAddress() {
		c.known.note(address, names, time.Now().Add(lasts))
	}
}

// Drop has caches that know no tags drop the answers at these addresses, whoever has given them. It does not wait.
func (c *CDN) Drop(addresses []string) {
	if c.ByAddress() && len(addresses) > 0 {
		for _, t := range c.targets {
			t.add(Purge{Addresses: addresses})
		}
	}
}

// Forget has the caches drop answers by address that this process has given and that were made of what has these names. It does not wait. Call it in every
// process that hears of an invalidation: each knows its own answers (cache.Cache.OnDrop).
func (c *CDN) Forget(names []string) {
	if c.ByAddress() {
		c.Drop(c.known.take(names))
	}
}

// Invalidate has all caches drop what was made of what has these names, and waits for that until ctx ends. The error is ErrAway when one has not
// done it by then; it is told all the same, as soon as it answers. It is a function for cache.Cache.OnInvalidate.
func (c *CDN) Invalidate(ctx context.Context, names []string) error {
	if c == nil || len(c.targets) == 0 {
		return nil
	}
	p := c.of(names)
	var waits []<-chan struct{}
	for _, t := range c.targets {
		waits = append(waits, t.add(p))
	}
	var errs []error
	for i, done := range waits {
		errs = append(errs, c.targets[i].await(ctx, done))
	}
	return errors.Join(errs...)
}

// of returns what is to be dropped.
func (c *CDN) of(names []string) Purge {
	if c.known != nil {
		return Purge{Addresses: c.known.take(names)}
	}
	return Purge{Tags: c.purged(names)}
}

// addresses are those of answers that caches in front may keep. It is safe for concurrent use.
type addresses struct {
	mu     sync.Mutex
	of     map[string]map[string]time.Time // by name: addresses, and until when
	looked time.Time
	n      int
}

// maxAddresses is how many are known. When so many may still be kept, answers at others are not noted: caches keep those for their time.
const maxAddresses = 100_000

func newAddresses() *addresses { return &addresses{of: map[string]map[string]time.Time{}} }

func (a *addresses) note(address string, names []string, until time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := time.Now(); now.Sub(a.looked) > time.Minute || a.n >= maxAddresses && now.Sub(a.looked) > time.Second {
		a.sweep(now)
	}
	if a.n >= maxAddresses {
		return
	}
	for _, name := range append(slices.Clone(names), everything) {
		if a.of[name] == nil {
			a.of[name] = map[string]time.Time{}
		}
		if _, known := a.of[name][address]; !known {
			a.n++
		}
		a.of[name][address] = until
	}
}

// sweep forgets what no cache has any more.
func (a *addresses) sweep(now time.Time) {
	a.looked, a.n = now, 0
	for name, of := range a.of {
		maps.DeleteFunc(of, func(_ string, until time.Time) bool { return until.Before(now) })
		if a.n += len(of); len(of) == 0 {
			delete(a.of, name)
		}
	}
}

// take returns the addresses of what has these names. They stay known: an answer that was on its way may come to be kept only now.
func (a *addresses) take(names []string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	found := map[string]bool{}
	for _, name := range names {
		for address := range a.of[name] {
			found[address] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}
