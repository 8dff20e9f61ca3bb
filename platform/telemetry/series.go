package telemetry

import (
	"encoding/binary"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// maxLabelValue is the longest label value, in bytes; the rest is cut off.
const maxLabelValue = 128

// series are the label combinations of one metric, up to a cap.
type series[T any] struct {
	vec    vector[T]
	labels int // how many values belong to a combination
	max    int
	folded prometheus.Counter
	rest   func() T // the series of what has none of its own

	mu    sync.RWMutex
	known map[string]T
}

// vector is what the three vector types of client_golang have in common.
type vector[T any] interface {
	GetMetricWithLabelValues(values ...string) (T, error)
}

func newSeries[T any](m *customMetrics, vec vector[T], name string, labels int) *series[T] {
	s := &series[T]{vec: vec, labels: labels, max: m.maxSeries, folded: m.folded.WithLabelValues(name), known: map[string]T{}}
	s.rest = sync.OnceValue(func() T { return s.metric(slices.Repeat([]string{other}, labels)) })
	if labels == 0 {
		s.at(nil) // shows 0 from the start
	}
	return s
}

// at returns the series of these label values, or the one that stands for those that have none of their own.
func (s *series[T]) at(values []string) T {
	if len(values) != s.labels {
		return s.fold()
	}
	var array [128]byte
	key := array[:0]
	for _, v := range values {
		v = cut(v, maxLabelValue)
		key = binary.AppendUvarint(key, uint64(len(v)))
		key = append(key, v...)
	}
	s.mu.RLock()
	metric, ok := s.known[string(key)]
	full := len(s.known) >= s.max
	s.mu.RUnlock()
	if !ok && !full {
		metric, ok = s.add(string(key), values)
	}
	if !ok {
		return s.fold()
	}
	return metric
}

func (s *series[T]) add(key string, values []string) (metric T, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if metric, ok = s.known[key]; ok || len(s.known) >= s.max {
		return metric, ok
	}
	clean := make([]string, 0, len(values)) // a copy, so that values need not move to the heap at every call
	for _, v := range values {
		clean = append(clean, strings.ToValidUTF8(cut(v, maxLabelValue), "\uFFFD"))
	}
	metric = s.metric(clean)
	s.known[key] = metric
	return metric, true
}

func (s *series[T]) fold() T {
	s.folded.Inc()
	return s.rest()
}

func (s *series[T]) metric(values []string) T {
	metric, err := s.vec.GetMetricWithLabelValues(values...)
	if err != nil {
		// It fails only on a wrong number of values or on invalid UTF-8, and the callers have seen to both.
		panic("telemetry: " + err.Error())
	}
	return metric
}
