package httpserver

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/banyan-go/banyan/platform/lifecycle"
)

// watchEvery is how long Watch waits between two looks, and up to a quarter more, so that the instances of an application do not ask their
// database all at once.
const watchEvery = time.Second

// Watch runs the checks about every second until ctx ends, whether anybody asks for readiness or not. It logs one warning, with the reason, when
// the process is not ready any more, and one line when it is again. Starting and stopping are no news.
func (h *Health) Watch(ctx context.Context, log *slog.Logger) {
	ready := true
	for {
		select {
		case <-time.After(watchEvery + rand.N(watchEvery/4)):
		case <-ctx.Done():
			return
		}
		switch r := h.Ready(ctx); {
		case ctx.Err() != nil:
			return
		case r.Status == "failing" && ready:
			ready = false
			log.Warn("not ready", "reason", r.reason())
		case r.Status == "ok" && !ready:
			ready = true
			log.Info("ready again")
		}
	}
}

// reason returns what does not hold.
func (r Report) reason() string {
	var reasons []string
	for _, name := range slices.Sorted(maps.Keys(r.Checks)) {
		if text := r.Checks[name]; text != "ok" {
			reasons = append(reasons, name+": "+text)
		}
	}
	return strings.Join(reasons, "; ")
}

// watching returns the hook that watches the health while the process serves.
func (s *Server) watching() lifecycle.Hook {
	var cancel context.CancelFunc
	done := make(chan struct{})
	return lifecycle.Hook{
		Name: "readiness",
		Start: func(ctx context.Context) error {
			ctx, cancel = context.WithCancel(context.WithoutCancel(ctx)) //nolint:gosec // Stop calls it
			go func() {
				defer close(done)
				s.health.Watch(ctx, s.log)
			}()
			return nil
		},
		Stop: func(context.Context) error {
			cancel()
			<-done
			return nil
		},
	}
}
