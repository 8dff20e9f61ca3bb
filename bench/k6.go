package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

const noK6 = "there is no k6 in PATH: go install go.k6.io/k6@v1.8.1, or say where it is with --k6"

// k6 runs the script that was generated with the resource, as it is: 100 virtual users for 30 seconds on the list of 10,000 rows.
func (b *bench) k6(ctx context.Context) ([]figure, error) {
	f := figure{Name: "k6", Title: "k6, 100 virtual users for 30 s, the generated script, 10,000 rows"}
	script := filepath.Join(b.openSource(), "modules/catalog/load/product.js")
	program := b.opts.k6
	if program == "" {
		var err error
		if program, err = exec.LookPath("k6"); err != nil {
			f.Skipped = noK6
			return []figure{f}, nil
		}
	}
	summary, err := b.virtualUsers(ctx, program, script)
	if err != nil {
		return nil, err
	}
	f.Rows = []row{{Name: "Banyan, generated list", Values: summary.values()}}
	f.Verdicts = []verdict{
		atMost("p95", summary.p95, "ms", 200),
		atMost("failed requests and checks", summary.failed, "", 0),
	}
	return []figure{f}, nil
}

func (b *bench) virtualUsers(ctx context.Context, program, script string) (summary, error) {
	env, err := b.database(ctx, openApp)
	if err != nil {
		return summary{}, err
	}
	addr, err := freeAddrs(2)
	if err != nil {
		return summary{}, err
	}
	s, err := b.serve(ctx, env, openApp, "serve", "--addr", addr[0], "--ops-addr", addr[1])
	if err != nil {
		return summary{}, err
	}
	defer s.stop()
	if _, err := s.ready(ctx, "http://"+addr[0]+"/readyz", time.Millisecond); err != nil {
		return summary{}, err
	}
	return b.runK6(ctx, program, addr[0], script)
}

// runK6 has 100 virtual users run a script for 30 seconds, with more flags in front of it.
func (b *bench) runK6(ctx context.Context, program, addr, script string, flags ...string) (summary, error) {
	export := b.path("k6.json")
	b.say("measuring k6, 100 virtual users for 30 s, %s", filepath.Base(script))
	args := slices.Concat([]string{"-c", b.opts.clientCore, program, "run", "--quiet", "--no-usage-report", "--vus", "100", "--duration", "30s",
		"--summary-time-unit", "ms", "--summary-export", export, "--env", "BASE_URL=http://" + addr}, flags, []string{script})
	_, failure := b.output(ctx, b.dir, settings(), "taskset", args...)
	// k6 ends with 99 when a threshold of the script is crossed: the figures say which.
	if exit := (*exec.ExitError)(nil); failure != nil && !(errors.As(failure, &exit) && exit.ExitCode() == 99) {
		return summary{}, failure
	}
	text, err := os.ReadFile(export)
	if err != nil {
		return summary{}, fmt.Errorf("read the summary of k6: %w", err)
	}
	return parseSummary(text)
}

// summary is what k6 has seen.
type summary struct {
	requests, rate   float64
	median, p95, max float64 // ms
	failed           float64 // requests and checks
}

func (s summary) values() []value {
	return []value{
		single("requests", "", s.requests), single("requests/s", "", s.rate), single("median", "ms", s.median),
		single("p95", "ms", s.p95), single("longest", "ms", s.max), single("failed", "", s.failed),
	}
}

// parseSummary reads the file of --summary-export. http_req_failed counts a request that has failed as passed.
func parseSummary(text []byte) (summary, error) {
	var in struct {
		Metrics struct {
			Reqs     *struct{ Count, Rate float64 } `json:"http_reqs"`
			Failed   *struct{ Passes float64 }      `json:"http_req_failed"`
			Duration *struct {
				Med, Max float64
				P95      *float64 `json:"p(95)"`
			} `json:"http_req_duration"`
			Checks struct{ Fails float64 } // none when the script has none
		}
	}
	if err := json.Unmarshal(text, &in); err != nil {
		return summary{}, fmt.Errorf("read the summary of k6: %w", err)
	}
	m := in.Metrics
	if m.Reqs == nil || m.Failed == nil || m.Duration == nil || m.Duration.P95 == nil || m.Reqs.Count == 0 {
		return summary{}, errors.New("read the summary of k6: it tells of no requests")
	}
	return summary{
		requests: m.Reqs.Count, rate: m.Reqs.Rate,
		median: m.Duration.Med, p95: *m.Duration.P95, max: m.Duration.Max,
		failed: m.Failed.Passes + m.Checks.Fails,
	}, nil
}
