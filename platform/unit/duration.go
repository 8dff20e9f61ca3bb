package unit

import (
	"errors"
	"strings"
	"time"
)

// DurationPattern is a regular expression for the texts that ParseDuration reads, in what Go and ECMA 262 have in common.
const DurationPattern = `^(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`

// ParseDuration reads a duration as time.ParseDuration does, "24h", "5m", "1m30s", "0", except that it refuses a sign and a number
// without a unit. The error says what to write instead.
func ParseDuration(s string) (time.Duration, error) {
	switch {
	case s == "0":
		return 0, nil
	case strings.HasPrefix(s, "-"):
		return 0, errors.New("a duration cannot be negative")
	case strings.HasPrefix(s, "+"):
		return 0, errors.New("write the duration without a sign")
	case s != "" && strings.Trim(s, "0123456789.") == "":
		return 0, errors.New("needs a unit, 10s for instance")
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, errors.New("write a number and a unit, 1m30s for instance: the units are h, m, s, ms, us and ns, a day is 24h, the longest is 2562047h")
	}
	return d, nil
}
