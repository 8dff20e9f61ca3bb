package unit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/unit"
)

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "5m": 5 * time.Minute, "24h": 24 * time.Hour, "1m30s": 90 * time.Second, "1.5h": 90 * time.Minute, "250ms": 250 * time.Millisecond,
		"10us": 10 * time.Microsecond, "10µs": 10 * time.Microsecond, "7ns": 7, "2562047h": 2_562_047 * time.Hour,
	} {
		if got, err := unit.ParseDuration(in); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v, want %v", in, got, err, want)
		}
	}
}

func TestParseDurationSaysWhatToWrite(t *testing.T) {
	t.Parallel()
	const (
		needs    = "needs a unit, 10s for instance"
		negative = "a duration cannot be negative"
		general  = "write a number and a unit, 1m30s for instance: the units are h, m, s, ms, us and ns, a day is 24h, the longest is 2562047h"
	)
	for in, want := range map[string]string{
		"10": needs, "1.5": needs, "00": needs, "0.0": needs, ".": needs,
		"-5s": negative, "-0": negative, "-1": negative, "-": negative,
		"+5s": "write the duration without a sign", "+5": "write the duration without a sign",
		"": general, "s": general, "1d": general, "1w": general, "5min": general, "10 s": general, " 10s": general, "10s ": general, "1h-5m": general,
		"forever": general, "1e3s": general, "0x10s": general, "2562048h": general, strings.Repeat("9", 1000) + "s": general, "NaN": general, "inf": general,
	} {
		if got, err := unit.ParseDuration(in); err == nil || err.Error() != want || got != 0 {
			t.Errorf("ParseDuration(%.40q) = %v, %v, want the error %s", in, got, err, want)
		}
	}
}

// It accepts what package time accepts and says the same, except for signs and, but for 0, bare numbers.
func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"0", "10", "5m", "1m30s", "-5s", "+5s", "1d", "", ".5s", "9223372036854775807ns", "2562048h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := unit.ParseDuration(s)
		want, wantErr := time.ParseDuration(s)
		signed := strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+")
		if (err == nil) != (wantErr == nil && !signed) || err == nil && got != want {
			t.Fatalf("ParseDuration(%q) = %v, %v; package time says %v, %v", s, got, err, want, wantErr)
		}
		if got < 0 {
			t.Fatalf("ParseDuration(%q) = %v", s, got)
		}
	})
}

func ExampleParseDuration() {
	_, err := unit.ParseDuration("10")
	fmt.Println(err)
	// Output: needs a unit, 10s for instance
}
