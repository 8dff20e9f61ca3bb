package telemetry

import (
	"io"
	"testing"
)

// Between the look without the exclusive lock and the one with it, somebody else may have been faster.
func TestAddLooksAgain(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	cfg.MaxSeries = 1
	tel, err := New(cfg, Options{Out: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	route := tel.Route("GET", "/")
	if route.add(200) != route.add(200) {
		t.Error("a status has two histograms")
	}
	c, err := tel.Counter("shop_orders_total", "Orders.", "country")
	if err != nil {
		t.Fatal(err)
	}
	first, ok := c.series.add("se", []string{"se"})
	if again, found := c.series.add("se", []string{"se"}); !ok || !found || again != first {
		t.Error("a combination has two series")
	}
	if _, ok := c.series.add("no", []string{"no"}); ok {
		t.Error("the cap is passed")
	}
}
