package ratelimit_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/ratelimit"
)

type settings struct {
	Limits ratelimit.Config `config:"limits"`
}

// load returns the rules of a module and of the configuration: of a file, or of --set where a line begins with "limits.".
func load(t *testing.T, set ...string) (*ratelimit.Limits, error) {
	t.Helper()
	cfg, o := settings{ratelimit.Default()}, config.Options{Embedded: fstest.MapFS{"base.yaml": {}, "profiles/single.yaml": {}}}
	for _, s := range set {
		if strings.HasPrefix(s, "limits.") {
			o.Set = append(o.Set, s)
		} else {
			o.Embedded = fstest.MapFS{"base.yaml": {Data: []byte(s)}, "profiles/single.yaml": {}}
		}
	}
	loaded, err := config.Load(&cfg, o)
	if err != nil {
		return nil, err
	}
	limits := ratelimit.New(cfg.Limits, ratelimit.Options{})
	return limits, loaded.Locate(limits.Declare(map[string]ratelimit.Rule{
		"accounts":       {Max: 1, Window: time.Hour},
		"accounts.me":    {}, // a count of its own by the default rule
		"accounts.login": {Max: 10, Window: 15 * time.Minute, Key: ratelimit.IP, Down: ratelimit.Deny},
		"blog.search":    {Max: 60, Window: time.Minute, Algorithm: ratelimit.GCRA, Burst: 5},
	}))
}

func TestTheConfigurationChangesWhatItSays(t *testing.T) {
	t.Parallel()
	limits, err := load(t, "limits:\n  rules:\n    accounts: off\n    accounts.login: 20 per 15m\n", "limits.default=100 per 1s by ip, gcra", "limits.rules.blog.search=30 per 1m, down allow")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"":               "100 per 1s by ip, gcra, burst 100, down local",
		"accounts":       "off",
		"accounts.me":    "100 per 1s by ip, gcra, burst 100, down local",
		"accounts.login": "20 per 15m by ip, window, down deny",
		"blog.search":    "30 per 1m by user_or_ip, gcra, burst 5, down allow",
	} {
		if got := named(t, limits, name).Rule().String(); got != want {
			t.Errorf("%q is %s, want %s", name, got, want)
		}
	}
	for range 1000 {
		if d := take(t, named(t, limits, "accounts"), "a"); !d.Allowed || d.Counted() {
			t.Fatalf("a rule that is off says %+v", d)
		}
	}
	if _, err := limits.Take(t.Context(), "accounts.logni", []byte("a")); err == nil {
		t.Error("a rule that nobody has is taken")
	}
}

func TestOffIsOff(t *testing.T) {
	t.Parallel()
	limits, err := load(t, "limits.enabled=false", "limits.default=1 per 1h")
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if d := take(t, named(t, limits, ""), "a"); !d.Allowed || d.Counted() {
			t.Errorf("limits that are off say %+v", d)
		}
	}
}

func TestWrongSettingsAreToldWithTheirPlace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ set, want string }{
		"no such rule":       {"limits:\n  rules:\n    accounts.logni: 1 per 1m\n", "base.yaml:3  limits.rules.accounts.logni"},
		"which ones":         {"limits.rules.accounts.logni=1 per 1m", "[accounts accounts.login accounts.me blog.search]"},
		"no window":          {"limits:\n  default: 10 per 0s\n", "base.yaml:2  limits.default"},
		"no count":           {"limits.default=0 per 1m", "whole number from 1"},
		"no unit":            {"limits.rules.accounts.login=5 per 60", "needs a unit"},
		"a burst of a share": {"limits.rules.blog.search=1 per 744h, gcra, burst 2", "more than 744h"},
		"no such store":      {"limits.store=disk", "memory or redis"},
		"default as a rule":  {"limits.rules.default=1 per 1m", "the key limits.default"},
		"no key":             {"limits.default=1 per 1m by subject", "a key that every route has"},
		"nothing fits":       {"limits.subjects=10", "1000 to 10000000"},
		"no such setting":    {"limits.rule.accounts=1 per 1m", "unknown key"},
		"empty":              {"limits:\n  rules:\n    accounts:\n", "got nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, c.set)
			if _, bad := errors.AsType[config.Problems](err); !bad || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %s", err, c.want)
			}
		})
	}
}

func TestRulesThatAModuleCannotHave(t *testing.T) {
	t.Parallel()
	good := ratelimit.Rule{Max: 1, Window: time.Minute}
	for name, rule := range map[string]ratelimit.Rule{
		"default": good, "": good, "Accounts": good, "a..b": good, "a.": good, "a:b": good, "a b": good,
		"zero.max": {Window: time.Minute}, "no.window": {Max: 1}, "odd.key": {Max: 1, Window: time.Minute, Key: "address"},
	} {
		if err := ratelimit.New(ratelimit.Default(), ratelimit.Options{}).Declare(map[string]ratelimit.Rule{name: rule}); err == nil {
			t.Errorf("%q: %s is declared", name, rule)
		}
	}
}
