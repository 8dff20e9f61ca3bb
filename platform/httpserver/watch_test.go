package httpserver_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/banyan-go/banyan/platform/httpserver"
)

// Nobody need ask: the log says once why the process is not ready any more, and once that it is again.
func TestReadinessIsLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		h := httpserver.NewHealth()
		var away atomic.Bool
		h.Add("database", func(context.Context) error {
			if away.Load() {
				return errors.New("connection refused")
			}
			return nil
		})
		h.Add("migrations", func(context.Context) error { return nil })
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			h.Watch(ctx, slog.New(slog.NewTextHandler(&log, nil)))
		}()
		said := func() string {
			time.Sleep(5 * time.Second) // of the bubble's clock
			synctest.Wait()
			defer log.Reset()
			return log.String()
		}
		away.Store(true)
		if text := said(); text != "" {
			t.Errorf("before the start it says %s", text)
		}
		away.Store(false)
		h.Started()
		if text := said(); text != "" {
			t.Errorf("while it is ready it says %s", text)
		}
		away.Store(true)
		if text := said(); strings.Count(text, "\n") != 1 || !strings.Contains(text, `level=WARN msg="not ready" reason="database: connection refused"`) {
			t.Errorf("it says %q, want one warning", text)
		}
		away.Store(false)
		if text := said(); strings.Count(text, "\n") != 1 || !strings.Contains(text, `level=INFO msg="ready again"`) {
			t.Errorf("it says %q, want one line", text)
		}
		h.Drain()
		away.Store(true)
		if text := said(); text != "" {
			t.Errorf("while it stops it says %s", text)
		}
		cancel()
		<-ended
	})
}
