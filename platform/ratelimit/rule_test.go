package ratelimit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/ratelimit"
)

func TestARuleIsItsText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]ratelimit.Rule{
		"10 per 15m":             {Max: 10, Window: 15 * time.Minute},
		"1 per 1h by ip":         {Max: 1, Window: time.Hour, Key: ratelimit.IP},
		"5 per 1m30s, down deny": {Max: 5, Window: 90 * time.Second, Down: ratelimit.Deny},
		"600 per 1m by user_or_ip, gcra, burst 60, down allow": {
			Max: 600, Window: time.Minute, Key: ratelimit.UserOrIP, Algorithm: ratelimit.GCRA, Burst: 60, Down: ratelimit.Allow,
		},
		"7 per 24h by header X-Api-Key, window": {Max: 7, Window: 24 * time.Hour, Key: ratelimit.Header("X-Api-Key"), Algorithm: ratelimit.Window},
		"off":                                   {Algorithm: ratelimit.Off},
	} {
		var got ratelimit.Rule
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s is read as %+v, error %v", text, got, err)
		}
		if got.String() != text {
			t.Errorf("%s is written as %s", text, got)
		}
	}
}

func TestARuleThatIsWrongSaysHowToWriteIt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                  "10 per 15m by ip",
		"10":                                "10 per 15m by ip",
		"10/1m":                             "10 per 15m by ip",
		"10 per 1m ip":                      "10 per 15m by ip",
		"10 per 1m by":                      "10 per 15m by ip",
		"10 per 1m,":                        "10 per 15m by ip",
		"10 per 1m, gcra, window":           "10 per 15m by ip",
		"off, down deny":                    "10 per 15m by ip",
		"ten per 1m":                        "whole number from 1",
		"0 per 1m":                          "whole number from 1",
		"-1 per 1m":                         "whole number from 1",
		"1e3 per 1m":                        "whole number from 1",
		"1000000001 per 1m":                 "to 1000000000",
		"10 per 60":                         "needs a unit",
		"10 per -1m":                        "cannot be negative",
		"10 per 0":                          "from 1s to 744h",
		"10 per 500ms":                      "from 1s to 744h",
		"10 per 1500ms":                     "whole seconds",
		"10 per 745h":                       "from 1s to 744h",
		"10 per 1m by address":              "count by ip, user",
		"10 per 1m by header":               "count by ip, user",
		"10 per 1m by header X:Y":           "count by ip, user",
		"10 per 1m, down open":              "local, allow or deny",
		"10 per 1m, burst 5":                "a burst needs gcra",
		"1 per 744h, gcra, burst 2":         "takes more than 744h",
		"10 per 1m, gcra, burst 5, burst 6": "10 per 15m by ip",
	} {
		rule := ratelimit.Rule{Max: 1, Window: time.Second}
		err := rule.UnmarshalText([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", text, err, want)
		}
		if rule != (ratelimit.Rule{Max: 1, Window: time.Second}) {
			t.Errorf("%q has changed the rule to %v", text, rule)
		}
	}
}
