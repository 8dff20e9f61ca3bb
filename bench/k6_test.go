package main

import "testing"

func TestParseSummary(t *testing.T) {
	t.Parallel()
	const requests = `"http_reqs": {"count": 4050, "rate": 2021.5}, "http_req_duration": {"med": 1.8, "p(95)": 5.9, "max": 20.7}`
	for _, c := range []struct {
		name, text string
		want       summary
		fails      bool
	}{
		{
			"all well", `{"metrics": {` + requests + `, "http_req_failed": {"passes": 0, "fails": 4050, "value": 0}, "checks": {"passes": 4050, "fails": 0}}}`,
			summary{requests: 4050, rate: 2021.5, median: 1.8, p95: 5.9, max: 20.7}, false,
		},
		{
			"failed requests pass the metric of failures", `{"metrics": {` + requests + `, "http_req_failed": {"passes": 2, "fails": 4048}, "checks": {"passes": 4047, "fails": 3}}}`,
			summary{requests: 4050, rate: 2021.5, median: 1.8, p95: 5.9, max: 20.7, failed: 5}, false,
		},
		{
			"a script without checks", `{"metrics": {` + requests + `, "http_req_failed": {"passes": 0}}}`,
			summary{requests: 4050, rate: 2021.5, median: 1.8, p95: 5.9, max: 20.7}, false,
		},
		{"no percentile", `{"metrics": {"http_reqs": {"count": 1, "rate": 1}, "http_req_duration": {"med": 1}, "http_req_failed": {"passes": 0}}}`, summary{}, true},
		{"no requests", `{"metrics": {"vus": {"value": 100}}}`, summary{}, true},
		{"no summary", `thresholds crossed`, summary{}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseSummary([]byte(c.text))
			if got != c.want || (err != nil) != c.fails {
				t.Errorf("parseSummary() = %+v, %v, want %+v, an error: %v", got, err, c.want, c.fails)
			}
		})
	}
}
