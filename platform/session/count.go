package session

import (
	"errors"

	"github.com/banyan-go/banyan/platform/telemetry"
)

// counts are the metrics, of one store: series that are found once, since every request has a load. Without telemetry nothing is counted.
type counts struct {
	found, missed, malformed, damaged, failed *telemetry.Count // what has come of loads
	begun, ended, errors                      *telemetry.Count
}

func newCounts(t *telemetry.Telemetry, store string) (counts, error) {
	if t == nil {
		return counts{}, nil
	}
	var errs []error
	define := func(name, help string, labels ...string) *telemetry.Counter {
		c, err := t.Counter(name, help, labels...)
		errs = append(errs, err)
		return c
	}
	loads := define("session_loads_total", "Questions for the session of a request, by store and result: found, missed, malformed, damaged, failed.", "store", "result")
	begun := define("session_begun_total", "Sessions that have begun, by store.", "store")
	ended := define("session_ended_total", "Sessions that were ended before their time, by store.", "store")
	failures := define("session_errors_total", "Errors of the store of sessions in everything but loads, by store.", "store")
	if err := errors.Join(errs...); err != nil {
		return counts{}, err
	}
	return counts{
		found: loads.With(store, "found"), missed: loads.With(store, "missed"), malformed: loads.With(store, "malformed"),
		damaged: loads.With(store, "damaged"), failed: loads.With(store, "failed"),
		begun: begun.With(store), ended: ended.With(store), errors: failures.With(store),
	}, nil
}
