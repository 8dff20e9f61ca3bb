package redis

import (
	"errors"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/banyan-go/banyan/platform/telemetry"
)

// metrics are those of both roles; nil where nobody counts.
type metrics struct {
	calls   *telemetry.Counter
	seconds *telemetry.Histogram
	open    *telemetry.Gauge
}

func newMetrics(t *telemetry.Telemetry) (m *metrics, err error) {
	if t == nil {
		return nil, nil
	}
	m = &metrics{}
	if m.calls, err = t.Counter("redis_calls_total", "Calls of Redis: ok, error (an answer that is one), away (no answer), refused (the breaker was open).", "role", "outcome"); err != nil {
		return nil, err
	}
	if m.seconds, err = t.Histogram("redis_call_duration_seconds", "Time of calls of Redis, with the wait for a connection; those that the breaker has refused left out.", nil, "role"); err != nil {
		return nil, err
	}
	m.open, err = t.Gauge("redis_breaker_open", "Whether the breaker of a server is open: 1 while it is away.", "role")
	return m, err
}

// counts are the metrics of one role.
type counts struct {
	*metrics
	role                     string
	ok, wrong, away, refused *telemetry.Count
	seconds                  *telemetry.Observer
}

func (m *metrics) of(role string) *counts {
	c := &counts{metrics: m, role: role}
	if m != nil {
		c.seconds = m.seconds.With(role)
		c.ok, c.wrong, c.away, c.refused = m.calls.With(role, "ok"), m.calls.With(role, "error"), m.calls.With(role, "away"), m.calls.With(role, "refused")
	}
	c.breaker(false)
	return c
}

// observe counts a call that went to the server.
func (c *counts) observe(err error, took time.Duration) {
	c.seconds.Observe(took.Seconds())
	switch {
	case err == nil || errors.Is(err, goredis.Nil):
		c.ok.Inc()
	case silent(err):
		c.away.Inc()
	default:
		c.wrong.Inc()
	}
}

func (c *counts) breaker(open bool) {
	switch {
	case c.metrics == nil:
	case open:
		c.open.Set(1, c.role)
	default:
		c.open.Set(0, c.role)
	}
}
