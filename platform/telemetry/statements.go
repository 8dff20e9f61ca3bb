package telemetry

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// statementBounds are the upper bounds of the buckets: an answer should be one or two statements away. Never written.
var statementBounds = [numStatementBounds]int{1, 2, 3, 5, 10, 20, 50, 100, 200, 500} //nolint:gochecknoglobals // Go has no constant arrays

const numStatementBounds = 10

// statementCounts is a histogram with one counter for each bucket, the last one being for what is above all bounds.
type statementCounts struct {
	sum     atomic.Uint64
	buckets [numStatementBounds + 1]atomic.Uint64
}

// ObserveStatements counts an answer that took n statements of SQL. Leave out those that took none. It takes no lock and does not allocate.
func (m *RouteMetrics) ObserveStatements(n int) {
	i := 0
	for i < len(statementBounds) && n > statementBounds[i] {
		i++
	}
	m.statements.buckets[i].Add(1)
	m.statements.sum.Add(uint64(max(0, n)))
}

// metric returns nil when there was no such answer.
func (s *statementCounts) metric(desc *prometheus.Desc, started time.Time, key routeKey) prometheus.Metric {
	var count uint64
	bounds := make(map[float64]uint64, numStatementBounds)
	for i, bound := range statementBounds {
		count += s.buckets[i].Load()
		bounds[float64(bound)] = count
	}
	if count += s.buckets[numStatementBounds].Load(); count == 0 {
		return nil
	}
	return prometheus.MustNewConstHistogramWithCreatedTimestamp(desc, count, float64(s.sum.Load()), bounds, started, key.method, key.route)
}
