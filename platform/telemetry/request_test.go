package telemetry_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/banyan-go/banyan/platform/telemetry"
)

func TestRequestTravelsInTheContext(t *testing.T) {
	t.Parallel()
	r := &telemetry.Request{ID: "one"}
	ctx := telemetry.WithRequest(t.Context(), r)
	if got := telemetry.RequestFrom(ctx); got != r {
		t.Errorf("request = %v", got)
	}
	if got := telemetry.RequestFrom(ownContext{t.Context(), r}); got != r {
		t.Errorf("request of a context with its own Value = %v", got)
	}
	var none context.Context
	for name, ctx := range map[string]context.Context{"empty": t.Context(), "nil": none, "nil request": telemetry.WithRequest(t.Context(), nil)} {
		if got := telemetry.RequestFrom(ctx); got != nil {
			t.Errorf("%s context carries %v", name, got)
		}
	}
}

// ownContext is how an HTTP layer may carry the request.
type ownContext struct {
	context.Context
	r *telemetry.Request
}

func (c ownContext) Value(key any) any {
	if _, ok := key.(telemetry.RequestKey); ok {
		return c.r
	}
	return c.Context.Value(key)
}

func TestInject(t *testing.T) {
	t.Parallel()
	tr, _ := telemetry.ParseTraceparent([]byte(traceparent))
	header := http.Header{}
	telemetry.Inject(telemetry.WithRequest(t.Context(), &telemetry.Request{Trace: tr}), header.Set)
	if len(header) != 1 || header.Get("traceparent") != traceparent {
		t.Errorf("headers = %v", header)
	}
	tr.State = "a=b"
	telemetry.Inject(telemetry.WithRequest(t.Context(), &telemetry.Request{Trace: tr}), header.Set)
	if header.Get("tracestate") != "a=b" {
		t.Errorf("headers = %v", header)
	}
	fail := func(key, _ string) { t.Errorf("set %s without a trace", key) }
	telemetry.Inject(t.Context(), fail)
	telemetry.Inject(telemetry.WithRequest(t.Context(), &telemetry.Request{ID: "one"}), fail)
}

func TestValidRequestID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"a": true, "AZaz09-": true, strings.Repeat("x", 64): true, "-": true,
		"": false, strings.Repeat("x", 65): false, "a b": false, "a\n": false, "é": false, "a_b": false, "a\x00": false, `"`: false, "a.b": false,
	} {
		if got := telemetry.ValidRequestID([]byte(id)); got != want {
			t.Errorf("ValidRequestID(%q) = %v", id, got)
		}
	}
}

func TestRequestIDsAreUniqueValidAndSorted(t *testing.T) {
	t.Parallel()
	const each = 5000
	processes := []*telemetry.Telemetry{
		start(t, telemetry.DefaultConfig(), telemetry.Options{}),
		start(t, telemetry.DefaultConfig(), telemetry.Options{}),
	}
	var mu sync.Mutex
	seen := map[string]bool{}
	var group sync.WaitGroup
	for _, tel := range processes {
		for range 2 {
			group.Go(func() {
				var last string
				for range each {
					id := string(tel.AppendRequestID([]byte("x")))[1:]
					if !telemetry.ValidRequestID([]byte(id)) || len(id) != 23 || id <= last {
						t.Errorf("id %q after %q", id, last)
						return
					}
					last = id
					mu.Lock()
					seen[id] = true
					mu.Unlock()
				}
			})
		}
	}
	group.Wait()
	if len(seen) != 4*each {
		t.Errorf("%d different ids, want %d", len(seen), 4*each)
	}
}

func BenchmarkAppendRequestID(b *testing.B) {
	tel := start(b, telemetry.DefaultConfig(), telemetry.Options{})
	id := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		id = tel.AppendRequestID(id[:0])
	}
}
