package telemetry

import (
	"math"
	"runtime/debug"
	"runtime/metrics"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

func TestRebucket(t *testing.T) {
	t.Parallel()
	inf := math.Inf(1)
	h := &metrics.Float64Histogram{
		Buckets: []float64{math.Inf(-1), 0, 0.5, 1, 1.5, 3, 10, inf},
		Counts:  []uint64{1, 2, 4, 8, 16, 32, 64},
	}
	count, sum, got := rebucket(h, []float64{1, 2, 4, 100})
	// 1..1.5 fits below 2; 1.5..3 only below 4; 3..10 below 100; above 10 below nothing.
	want := map[float64]uint64{1: 7, 2: 15, 4: 31, 100: 63}
	for bound, n := range want {
		if got[bound] != n {
			t.Errorf("up to %v: %d, want %d", bound, got[bound], n)
		}
	}
	if wantSum := 0 + 2*0.25 + 4*0.75 + 8*1.25 + 16*2.25 + 32*6.5 + 64*10.0; count != 127 || sum != wantSum {
		t.Errorf("count %d, sum %v, want 127, %v", count, sum, wantSum)
	}
}

func TestGOGCOffIsMinusOne(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(1 << 40))
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(newRuntimeCollector()); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		if f.GetType() == dto.MetricType_GAUGE {
			got[f.GetName()] = f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	if got["go_config_gogc_percent"] != -1 || got["go_memory_limit_bytes"] != 1<<40 {
		t.Errorf("gauges = %v", got)
	}
}
