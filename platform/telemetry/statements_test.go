package telemetry_test

import (
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/telemetry"
)

func TestStatementsOfRequests(t *testing.T) {
	t.Parallel()
	tel := start(t, telemetry.DefaultConfig(), telemetry.Options{})
	tel.Route("GET", "/none").Observe(200, 0)
	for _, n := range []int{1, 20, 21, 501} {
		tel.Route("GET", "/some").ObserveStatements(n)
	}
	text := scrape(t, tel)
	series := func(le string) string {
		return `http_server_request_statements_bucket{http_request_method="GET",http_route="/some",le="` + le + `"}`
	}
	expect(t, text, map[string]float64{
		series("1"): 1, series("10"): 1, series("20"): 2, series("50"): 3, series("500"): 3, series("+Inf"): 4,
		`http_server_request_statements_sum{http_request_method="GET",http_route="/some"}`: 543,
	})
	if strings.Contains(text, `http_server_request_statements_count{http_request_method="GET",http_route="/none"}`) {
		t.Error("a route that runs no statements has a series")
	}
}
