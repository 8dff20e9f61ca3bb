package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/banyan-go/banyan/platform/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// output is a buffer that several goroutines may use.
type output struct {
	mu     sync.Mutex
	buf    bytes.Buffer
	writes int
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writes++
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

func (o *output) Writes() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.writes
}

// start returns a Telemetry that is stopped at the end of the test.
func start(tb testing.TB, cfg telemetry.Config, o telemetry.Options) *telemetry.Telemetry {
	tb.Helper()
	if o.Out == nil {
		o.Out = io.Discard
	}
	t, err := telemetry.New(cfg, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := t.Stop(context.WithoutCancel(tb.Context())); err != nil {
			tb.Errorf("stop: %v", err)
		}
	})
	return t
}

// flushed returns what t has logged to out.
func flushed(tb testing.TB, t *telemetry.Telemetry, out *output) string {
	tb.Helper()
	if err := t.Writer().Flush(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return out.String()
}

// line parses a line that has to be the only one.
func line(tb testing.TB, s string) map[string]any {
	tb.Helper()
	if strings.Count(s, "\n") != 1 || !strings.HasSuffix(s, "\n") {
		tb.Fatalf("want one line, got %q", s)
	}
	var m map[string]any
	if err := json.Unmarshal([]byte(s), &m); err != nil {
		tb.Fatalf("%v in %q", err, s)
	}
	return m
}
