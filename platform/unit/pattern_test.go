package unit_test

import (
	"encoding"
	"regexp"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/unit"
)

// texts are what people write, well and badly.
func texts() []string {
	return []string{
		"", "0", "00", "1", "-1", "+1", "-0", "007", "1.5", "1e3", "auto", "Auto", "autos", "xauto", "json", "a\nb",
		"0B", "512B", "64KiB", "4MiB", "1GiB", "10MB", "10M", "10 MiB", "010MiB", "1.5GiB", "-1B", "xMiB", "4MiBx", "4\nMiB",
		"0s", "10s", "1m30s", ".5s", "1.s", "1.5h", "10us", "10µs", "10μs", "7ns", "-5s", "+5s", "1d", "5min", "10 s", "s", ".s", "s10", "10s5",
	}
}

// A pattern matches what is read, and nothing else of what people write.
func TestPatterns(t *testing.T) {
	t.Parallel()
	type pattern interface {
		encoding.TextUnmarshaler
		TextPattern() string
	}
	for _, p := range []pattern{new(unit.Bytes), new(unit.Auto[int]), new(unit.Auto[unit.Bytes]), new(unit.Auto[time.Duration])} {
		re := regexp.MustCompile(p.TextPattern())
		for _, text := range texts() {
			if err := p.UnmarshalText([]byte(text)); re.MatchString(text) != (err == nil) {
				t.Errorf("%T: %q: the pattern says %t, UnmarshalText %v", p, text, re.MatchString(text), err)
			}
		}
	}
	re := regexp.MustCompile(unit.DurationPattern)
	for _, text := range texts() {
		if _, err := unit.ParseDuration(text); re.MatchString(text) != (err == nil) {
			t.Errorf("%q: the pattern says %t, ParseDuration %v", text, re.MatchString(text), err)
		}
	}
	re = regexp.MustCompile(unit.Auto[string]{}.TextPattern())
	for _, text := range texts() {
		if re.MatchString(text) != (text != "") {
			t.Errorf("any text: %q: the pattern says %t", text, re.MatchString(text))
		}
	}
}
