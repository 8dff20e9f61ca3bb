package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/banyan-go/banyan/platform/config"
)

// Options are what the program, rather than its operator, knows. The zero value works for the store memory.
type Options struct {
	// Instances is how many processes share the store, at most: while it is away each counts its share. 0 is 1.
	Instances int
	// Now tells the time since some moment, for tests; nil is the monotonic clock of the process.
	Now func() time.Duration
}

// Limits are the rules in force. Declare is for the start; everything else is safe for concurrent use.
type Limits struct {
	cfg    Config
	opts   Options
	limits map[string]*Limit
}

// New returns the default rule alone, without I/O. Modules that take against rules of their own are built before those are known: see Declare.
func New(cfg Config, o Options) *Limits {
	if o.Now == nil {
		began := time.Now()
		o.Now = func() time.Duration { return time.Since(began) }
	}
	l := &Limits{cfg: cfg, opts: o, limits: map[string]*Limit{}}
	l.add(DefaultName, cfg.Default.complete())
	return l
}

// Declare adds the rules of all modules, by name (the module's name, a dot and a word, "accounts.login"), as the configuration changes them. Call it
// once, before anybody takes. A rule in the configuration that no module has, or one that is wrong, is an error of type config.Problems.
func (l *Limits) Declare(rules map[string]Rule) error {
	all, err := l.cfg.rules(rules)
	if err != nil {
		return err
	}
	for name, r := range all {
		l.add(name, r)
	}
	return nil
}

func (l *Limits) add(name string, r Rule) { l.limits[name] = newLimit(name, r, l.cfg, l.opts) }

// rules returns the rules in force by name, complete.
func (c Config) rules(declared map[string]Rule) (map[string]Rule, error) {
	var wrong config.Problems
	all := map[string]Rule{}
	for name, r := range declared {
		if err := checkName(name); err != nil {
			return nil, fmt.Errorf("rate limit %q: %w", name, err)
		}
		if r != (Rule{}) {
			if err := r.check(); err != nil {
				return nil, fmt.Errorf("rate limit %q: %w", name, err)
			}
		}
		all[name] = c.Rules[name].over(r).over(c.Default).complete()
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

// Limit is one rule in force. It is safe for concurrent use.
type Limit struct {
	name   string
	rule   Rule
	policy string
	now    func() time.Duration
	memory *memory // nil where there is no limit
}

func newLimit(name string, r Rule, cfg Config, o Options) *Limit {
	l := &Limit{name: name, rule: r, now: o.Now}
	if !cfg.Enabled || r.Algorithm == Off {
		return l
	}
	l.policy = policy(name, r)
	l.memory = newMemory(r, cfg.Subjects)
	return l
}

// Name returns the name of the rule.
func (l *Limit) Name() string { return l.name }

// Rule returns the rule, complete.
func (l *Limit) Rule() Rule { return l.rule }

// Key returns what the requests of a route are counted by; see Key.AppendSubject.
func (l *Limit) Key() Key { return l.rule.Key }

// Take counts a request of a subject and decides about it. A subject is any bytes, which are not kept; where it is no result of
// Key.AppendSubject, let it begin with a word of its own. An error of kind fault.Unavailable says that the store is away and the rule says deny.
//
// Where the count is in memory, Take takes about 100 ns and does not allocate for a subject that it knows.
func (l *Limit) Take(_ context.Context, subject []byte) (Decision, error) {
	if l.memory == nil {
		return Decision{Allowed: true}, nil
	}
	return l.decision(l.memory.take(bounded(subject), l.now())), nil
}

func (l *Limit) decision(v verdict) Decision {
	return Decision{
		Allowed: v.allowed, Rule: l.name, Limit: l.rule.Max, Remaining: v.remaining, Reset: v.reset, RetryAfter: v.retry, policy: l.policy,
	}
}
