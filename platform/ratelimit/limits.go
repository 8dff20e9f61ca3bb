package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/redis"
	"github.com/banyan-go/banyan/platform/telemetry"
)

// Options are what the program, rather than its operator, knows. The zero value works for the store memory.
type Options struct {
	// Instances is how many processes share the store, at most: while it is away each counts its share. 0 is 1.
	Instances int
	// Redis is where the store redis counts; without a server for its state every count is in memory.
	Redis *redis.Redis
	// Log is told when the store cannot be reached, and when it can again; default none.
	Log *slog.Logger
	// Metrics take the counts of decisions; default none.
	Metrics *telemetry.Telemetry
	// Now tells the time, for tests; nil is time.Now.
	Now func() time.Time
}

// Limits are the rules in force. Declare is for the start; everything else is safe for concurrent use.
type Limits struct {
	cfg    Config
	opts   Options
	began  time.Time // what memory reckons from
	limits map[string]*Limit
	store  *store
}

// New returns the default rule alone, without I/O. Modules that take against rules of their own are built before those are known: see Declare.
func New(cfg Config, o Options) *Limits {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Instances = max(1, o.Instances)
	l := &Limits{cfg: cfg, opts: o, began: o.Now(), limits: map[string]*Limit{}, store: &store{log: o.Log}}
	if cfg.Store == storeRedis {
		l.store.client = o.Redis.State()
	}
	l.add(DefaultName, cfg.Default.complete(), counts{})
	return l
}

// Declare adds the rules of all modules, by name (the module's name, a dot and a word, "accounts.login"), as the configuration changes them. Call it
// once, before anybody takes. A rule in the configuration that no module has, or one that is wrong, is an error of type config.Problems.
func (l *Limits) Declare(rules map[string]Rule) error {
	all, err := l.cfg.rules(rules)
	if err != nil {
		return err
	}
	of, err := newCounts(l.opts.Metrics)
	if err != nil {
		return err
	}
	all[DefaultName] = l.cfg.Default.complete()
	for name, r := range all {
		l.add(name, r, of(name, r.Down))
	}
	return nil
}

// rules returns the rules in force by name, complete.
func (c Config) rules(declared map[string]Rule) (map[string]Rule, error) {
	var wrong config.Problems
	all := map[string]Rule{}
	for name, r := range declared {
		if err := checkName(name); err != nil {
			return nil, fmt.Errorf("rate limit %q: %w", name, err)
		}
		if r == (Rule{}) {
			r = c.Default
		} else if err := r.check(); err != nil {
			return nil, fmt.Errorf("rate limit %q: %w", name, err)
		}
		all[name] = c.Rules[name].over(r).complete()
	}
	known := slices.Sorted(maps.Keys(declared))
	for _, name := range slices.Sorted(maps.Keys(c.Rules)) {
		p := config.Problem{Key: "limits.rules." + name, Got: c.Rules[name].String()}
		if _, ok := declared[name]; !ok {
			p.Want = "a rule that a module has: " + fmt.Sprint(known)
		} else if err := all[name].check(); err != nil {
			p.Want = err.Error()
		} else {
			continue
		}
		wrong = append(wrong, p)
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	return all, nil
}

// checkName keeps names to what a key of the configuration, a header and a key in Redis can hold.
func checkName(name string) error {
	open := true // a letter or digit has to follow
	for _, c := range name {
		switch {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
			open = false
		case !open && (c == '.' || c == '_' || c == '-'):
			open = true
		default:
			return errName
		}
	}
	if open || name == DefaultName {
		return errName
	}
	return nil
}

var errName = errors.New("its name has to be lower case letters and digits, joined by single . _ or -, and another one than " + DefaultName)

// Named returns the rule of that name, "" for the default rule. An unknown name is an error.
func (l *Limits) Named(name string) (*Limit, error) {
	if name == "" {
		name = DefaultName
	}
	if limit := l.limits[name]; limit != nil {
		return limit, nil
	}
	return nil, fmt.Errorf("there is no rate limit %q", name)
}

// Take counts a request of a subject against a rule. See Limit.Take; an unknown name is an error too.
func (l *Limits) Take(ctx context.Context, rule string, subject []byte) (Decision, error) {
	limit, err := l.Named(rule)
	if err != nil {
		return Decision{}, err
	}
	return limit.Take(ctx, subject)
}

// Legacy reports whether answers carry the older headers too.
func (l *Limits) Legacy() bool { return l.cfg.Legacy }

// All returns the rules in force, by name.
func (l *Limits) All() []*Limit {
	all := slices.Collect(maps.Values(l.limits))
	slices.SortFunc(all, func(a, b *Limit) int { return strings.Compare(a.name, b.name) })
	return all
}

// store is what all rules have in common: where they count, and whether it answers.
type store struct {
	client *redis.Client // nil for memory
	log    *slog.Logger
	away   atomic.Bool
}

// answered notes how a call has ended, and logs what has changed.
func (s *store) answered(ctx context.Context, err error) {
	switch away := err != nil; {
	case away == s.away.Load() || !s.away.CompareAndSwap(!away, away):
	case away:
		s.log.WarnContext(ctx, "requests cannot be counted in Redis: each rule does what it says for that case", "error", err.Error())
	default:
		s.log.InfoContext(ctx, "requests are counted in Redis again")
	}
}

// Limit is one rule in force. It is safe for concurrent use.
type Limit struct {
	name   string
	rule   Rule
	policy string
	began  time.Time
	now    func() time.Time
	counts counts
	off    bool
	memory *memory // where there is no store, or while it is away
	shared *shared // nil where the count is in memory
	store  *store
}

func (l *Limits) add(name string, r Rule, c counts) {
	limit := &Limit{name: name, rule: r, began: l.began, now: l.opts.Now, counts: c, store: l.store, off: !l.cfg.Enabled || r.Algorithm == Off}
	l.limits[name] = limit
	if limit.off {
		return
	}
	limit.policy = policy(name, r)
	if l.store.client != nil {
		limit.shared = newShared(l.store.client, name, r, l.cfg.Subjects)
		r = r.share(l.opts.Instances)
	}
	limit.memory = newMemory(r, l.cfg.Subjects, c.evicted)
}

// share returns the rule by which one of n processes counts alone.
func (r Rule) share(n int) Rule {
	r.Max = max(1, r.Max/n)
	if r.Algorithm == GCRA {
		r.Burst = max(1, r.Burst/n)
	}
	return r
}

// Name returns the name of the rule.
func (l *Limit) Name() string { return l.name }

// Rule returns the rule, complete.
func (l *Limit) Rule() Rule { return l.rule }

// Off reports whether nothing is counted, so that who asks need not find out whose request it is.
func (l *Limit) Off() bool { return l.off }

// Key returns what the requests of a route are counted by; see Key.AppendSubject.
func (l *Limit) Key() Key { return l.rule.Key }

// Take counts a request of a subject and decides about it. A subject is any bytes, which are not kept; where it is no result of
// Key.AppendSubject, let it begin with a word of its own. An error of kind fault.Unavailable says that the store is away and the rule says deny.
//
// Where the count is in memory, Take takes about 100 ns and does not allocate for a subject that it knows.
func (l *Limit) Take(ctx context.Context, subject []byte) (Decision, error) {
	return l.TakeAt(ctx, subject, l.now())
}

// TakeAt is Take for who has read the clock lately: at that time, where the count is in memory. Redis goes by its own clock.
func (l *Limit) TakeAt(ctx context.Context, subject []byte, at time.Time) (Decision, error) {
	if l.off {
		return Decision{Allowed: true}, nil
	}
	subject = bounded(subject)
	if l.shared == nil {
		return l.decide(l.memory.take(subject, at.Sub(l.began))), nil
	}
	v, err := l.shared.take(ctx, subject, l.since)
	if err != nil && ctx.Err() != nil {
		return Decision{}, ctx.Err() // nobody waits for the answer, and the store may be well
	}
	l.store.answered(ctx, err)
	if err == nil {
		return l.decide(v), nil
	}
	l.counts.away.Inc()
	switch l.rule.Down {
	case Deny:
		return Decision{}, ErrStore.WithRetryAfter(storeRetry).Because(err)
	case Allow:
		return l.decide(verdict{allowed: true, remaining: l.rule.Max}), nil
	default:
		return l.decide(l.memory.take(subject, l.since())), nil
	}
}

// since returns the time by which memory counts.
func (l *Limit) since() time.Duration { return l.now().Sub(l.began) }

// ErrStore is the error of a request that may not be served uncounted.
var ErrStore = fault.New(fault.Unavailable, "limit_unavailable", "The server cannot tell at the moment how often you have asked.")

// storeRetry is when to ask again while the store is away: the breaker of Redis tries about once a second.
const storeRetry = 2 * time.Second

func (l *Limit) decide(v verdict) Decision {
	if v.allowed {
		l.counts.allowed.Inc()
	} else {
		l.counts.limited.Inc()
	}
	return Decision{
		Allowed: v.allowed, Rule: l.name, Limit: l.rule.Max, Remaining: v.remaining, Reset: v.reset, RetryAfter: v.retry, policy: l.policy,
	}
}

// Shared reports whether the count is one for all processes.
func (l *Limit) Shared() bool { return l.shared != nil }

// Reset forgets what a subject has asked for, and reports whether it had asked at all. It wants a store that processes share: the memory of
// another one cannot be reached. ErrNotShared says so.
func (l *Limit) Reset(ctx context.Context, subject []byte) (known bool, err error) {
	if l.shared == nil {
		return false, ErrNotShared
	}
	return l.shared.reset(ctx, bounded(subject))
}

// ErrNotShared is the error of Reset for a rule that counts in the memory of each process.
var ErrNotShared = errors.New("requests are counted in the memory of the process that serves them: it forgets them when it ends")
