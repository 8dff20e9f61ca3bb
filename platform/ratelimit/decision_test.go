package ratelimit_test

import (
	"errors"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/ratelimit"
)

func TestHeadersAreThoseOfTheDraft(t *testing.T) {
	t.Parallel()
	l, clock := inMemory(t, "2 per 15m")
	take(t, l, "a")
	clock.advance(487*time.Second + time.Millisecond)
	d := take(t, l, "a")
	for _, header := range []struct{ name, got, want string }{
		{"RateLimit-Policy", string(d.AppendPolicy(nil)), `"test.rule";q=2;w=900`},
		{"RateLimit", string(d.AppendLimit(nil)), `"test.rule";r=0;t=413`}, // rounded up
		{"Retry-After", string(take(t, l, "a").AppendRetryAfter(nil)), "413"},
	} {
		if header.got != header.want {
			t.Errorf("%s: %s, want %s", header.name, header.got, header.want)
		}
	}
	if err := d.Err(); err != nil {
		t.Errorf("a request that is let through has the error %v", err)
	}
	f, _ := errors.AsType[*fault.Error](take(t, l, "a").Err())
	if f == nil || f.Kind != fault.TooMany || f.RetryAfter <= 412*time.Second || !errors.Is(f, ratelimit.ErrLimited) {
		t.Errorf("a request that is refused has the error %v", f)
	}
}

func TestHeadersCostNoMemory(t *testing.T) { //nolint:paralleltest // testing.AllocsPerRun wants to be alone
	l, _ := inMemory(t, "1000 per 15m")
	d := take(t, l, "a")
	if n := testing.AllocsPerRun(100, func() {
		var buf [64]byte
		if len(d.AppendPolicy(buf[:0])) == 0 || len(d.AppendLimit(buf[:0])) == 0 || len(d.AppendRetryAfter(buf[:0])) == 0 {
			t.Error("a header is empty")
		}
	}); n != 0 {
		t.Errorf("headers make %v allocations", n)
	}
}
