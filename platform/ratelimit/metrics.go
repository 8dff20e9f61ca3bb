package ratelimit

import "github.com/banyan-go/banyan/platform/telemetry"

// counts are the metrics of one rule; a nil count is one that nobody reads.
type counts struct {
	allowed, limited *telemetry.Count
	away             *telemetry.Count // decisions that the store could not make
	evicted          *telemetry.Count
}

// newCounts defines the metrics, once for all rules.
func newCounts(t *telemetry.Telemetry) (of func(rule string, d Down) counts, err error) {
	if t == nil {
		return func(string, Down) counts { return counts{} }, nil
	}
	decisions, err := t.Counter("ratelimit_decisions_total", "Decisions about requests: allowed or limited.", "rule", "outcome")
	if err != nil {
		return nil, err
	}
	away, err := t.Counter("ratelimit_store_errors_total", "Decisions that the store could not make, by what the rule says for that case: local, allow or deny.", "rule", "down")
	if err != nil {
		return nil, err
	}
	evicted, err := t.Counter("ratelimit_evictions_total", "Subjects that were forgotten because there were more than limits.subjects.", "rule")
	if err != nil {
		return nil, err
	}
	return func(rule string, d Down) counts {
		return counts{
			allowed: decisions.With(rule, "allowed"), limited: decisions.With(rule, "limited"),
			away: away.With(rule, string(d)), evicted: evicted.With(rule),
		}
	}, nil
}
