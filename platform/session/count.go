package session

import (
	"errors"

	"github.com/banyan-go/banyan/platform/telemetry"
)

// The results of a load, as the metric names them.
const (
	found     = "found"
	missed    = "missed"
	malformed = "malformed"
	damaged   = "damaged"
	failed    = "failed"
)

// counts are the metrics. Without telemetry nothing is counted.
type counts struct {
	store                       string
	loads, begun, ended, errors *telemetry.Counter
}

func newCounts(t *telemetry.Telemetry, store string) (c counts, err error) {
	if t == nil {
		return c, nil
	}
	c.store = store
	var errs [4]error
	c.loads, errs[0] = t.Counter("session_loads_total", "Questions for the session of a request, by store and result: found, missed, malformed, damaged, failed.", "store", "result")
	c.begun, errs[1] = t.Counter("session_begun_total", "Sessions that have begun, by store.", "store")
	c.ended, errs[2] = t.Counter("session_ended_total", "Sessions that were ended before their time, by store.", "store")
	c.errors, errs[3] = t.Counter("session_errors_total", "Errors of the store of sessions in everything but loads, by store.", "store")
	return c, errors.Join(errs[:]...)
}

func (c *counts) load(result string) {
	if c.loads != nil {
		c.loads.Inc(c.store, result)
	}
}

func (c *counts) begin() {
	if c.begun != nil {
		c.begun.Inc(c.store)
	}
}

func (c *counts) end(n int) {
	if c.ended != nil {
		c.ended.Add(float64(n), c.store)
	}
}

func (c *counts) fail() {
	if c.errors != nil {
		c.errors.Inc(c.store)
	}
}
