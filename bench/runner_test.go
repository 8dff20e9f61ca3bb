package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

const runnerHead = `| variant | req/s median | spread | ratio to first | p50 ms | p99 ms | server CPU us/req (best) | CPU ratio (of medians) |
|---|---|---|---|---|---|---|---|
`

func TestResults(t *testing.T) {
	t.Parallel()
	got, err := results(runnerHead + `| bare fiber | 130337 | 117000-133000 | 1.000 | 0.48 | 1.26 | 7.7 (7.5) | 1.00 |
| Banyan, raw route | 91830 | 90000-92000 | 0.705 | 0.69 | 2.05 | 10.8 (10.6) | 1.41 |
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []result{
		{"bare fiber", 130337, 117000, 133000, 1, 0.48, 1.26, 7.7, 7.5, 1},
		{"Banyan, raw route", 91830, 90000, 92000, 0.705, 0.69, 2.05, 10.8, 10.6, 1.41},
	}
	if !slices.Equal(got, want) {
		t.Errorf("results() = %+v, want %+v", got, want)
	}
}

func TestResultsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, line, want string }{
		{"answers with errors", `| ours | 91830 (errors in 2 runs) | 1-2 | 0.7 | 0.6 | 2.0 | 10.8 (10.6) | 1.41 |`, "ours answered with errors"},
		{"no answers", `| ours | NaN | +Inf--Inf | NaN | NaN | NaN | NaN (+Inf) | NaN |`, "ours was not measured"},
		{"another table", `| ours | 91830 |`, "not understood"},
		{"a panic", `panic: no such file`, "not understood"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rs, err := results(runnerHead + c.line)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("results() = %+v, %v, want an error with %q", rs, err, c.want)
			}
		})
	}
}

func TestSpec(t *testing.T) {
	t.Parallel()
	got := specOf([]variant{
		{"bare", "http://127.0.0.1:1/a", []string{"Accept-Encoding: gzip", "Accept: */*"}, "httpd -addr :1"},
		{"ours", "http://127.0.0.1:2/a", nil, `stack serve >>"$B"/log`},
	})
	want := `bare | http://127.0.0.1:1/a | Accept-Encoding: gzip ;; Accept: */* | "$B"/httpd -addr :1
ours | http://127.0.0.1:2/a | - | "$B"/stack serve >>"$B"/log
`
	if got != want {
		t.Errorf("specOf() is\n%s\nwant\n%s", got, want)
	}
}

func TestWrkTime(t *testing.T) {
	t.Parallel()
	if got := wrkTime(90 * time.Second); got != "90s" {
		t.Errorf("wrkTime() = %q, want 90s", got)
	}
}

func TestLoadNotes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		load load
		want string
	}{
		{"quiet", load{}, ""},
		{"disturbed", load{disturbed: 3}, "3 runs were repeated"},
		{"never quiet", load{disturbed: 10, capped: true}, "Disturbed: 10 runs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(c.load.notes(10), " ")
			if !strings.HasPrefix(got, c.want) || (c.want == "") != (got == "") {
				t.Errorf("notes() = %q, want %q", got, c.want)
			}
		})
	}
}

func TestRowsRatioOfLeastCPU(t *testing.T) {
	t.Parallel()
	l := load{results: []result{{name: "bare", cpuBest: 8}, {name: "ours", cpuBest: 10}}}
	values := l.rows(5)[1].Values
	if last := values[len(values)-1]; last.Median != 1.25 {
		t.Errorf("the ratio of the least CPU is %v, want 1.25", last.Median)
	}
}
