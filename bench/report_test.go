package main

import (
	"strings"
	"testing"
)

func TestVerdict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		got  verdict
		met  bool
		text string
	}{
		{"more than the least", atLeast("speed", 0.9, 0.85), true, "met: speed is 0.9, target at least 0.85"},
		{"just the least", atLeast("speed", 0.85, 0.85), true, "met: speed is 0.85, target at least 0.85"},
		{"less than the least", atLeast("speed", 0.849, 0.85), false, "MISSED: speed is 0.849, target at least 0.85"},
		{"less than the most", atMost("p95", 13.24, "ms", 200), true, "met: p95 is 13.2 ms, target at most 200 ms"},
		{"just the most", atMost("failed", 0, "", 0), true, "met: failed is 0, target at most 0"},
		{"more than the most", atMost("p95", 200.5, "ms", 200), false, "MISSED: p95 is 200 ms, target at most 200 ms"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.got.Met != c.met {
				t.Errorf("Met = %v, want %v", c.got.Met, c.met)
			}
			if c.got.text() != c.text {
				t.Errorf("text() = %q, want %q", c.got.text(), c.text)
			}
		})
	}
}

func TestReportOutcome(t *testing.T) {
	t.Parallel()
	met, missed := atMost("a", 1, "", 2), atMost("b", 3, "", 2)
	for _, c := range []struct {
		name           string
		figures        []figure
		failed, missed bool
	}{
		{"met", []figure{{Verdicts: []verdict{met}}}, false, false},
		{"the last is missed", []figure{{Verdicts: []verdict{met}}, {Verdicts: []verdict{met, missed}}}, false, true},
		{"failed", []figure{{Verdicts: []verdict{met}}, {Failure: "no wrk"}}, true, false},
		{"what is skipped is neither", []figure{{Skipped: "no k6"}}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := &report{Figures: c.figures}
			if r.failed() != c.failed || r.missed() != c.missed {
				t.Errorf("failed %v and missed %v, want %v and %v", r.failed(), r.missed(), c.failed, c.missed)
			}
		})
	}
}

func TestFigureText(t *testing.T) {
	t.Parallel()
	f := figure{
		Title: "Starts",
		Rows: []row{
			{"bare", []value{sampled("start", "ms", []float64{3, 2, 4}), single("size", "MB", 10.38)}},
			{"ours", []value{sampled("start", "ms", []float64{10, 10, 10}), single("size", "MB", 12345.6)}},
		},
		Verdicts: []verdict{atMost("start", 10, "ms", 9)},
		Notes:    []string{"Quiet."},
	}
	want := `## Starts

| | start ms | size MB |
|---|---|---|
| bare | 3 (2 to 4) | 10.4 |
| ours | 10 | 12,346 |

- MISSED: start is 10 ms, target at most 9 ms

Quiet.
`
	if got := f.text(); got != want {
		t.Errorf("text() is\n%s\nwant\n%s", got, want)
	}
}

func TestFigureTextWithoutFigures(t *testing.T) {
	t.Parallel()
	for _, f := range []figure{{Title: "T", Skipped: "there is no k6"}, {Title: "T", Failure: "there is no wrk"}} {
		got := f.text()
		if !strings.Contains(got, "there is no") || strings.Contains(got, "|") {
			t.Errorf("text() = %q, want the reason and no table", got)
		}
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		v    float64
		want string
	}{
		{0, "0"}, {1, "1"}, {0.659, "0.659"}, {1.2, "1.2"}, {1.2004, "1.2"}, {10.38, "10.4"}, {31.96, "32.0"},
		{244.3, "244"}, {1000, "1,000"}, {1234.5, "1,234"}, {130337, "130,337"}, {1234567, "1,234,567"}, {-1234567, "-1,234,567"}, {0.0004, "0"},
	} {
		if got := number(c.v); got != c.want {
			t.Errorf("number(%v) = %q, want %q", c.v, got, c.want)
		}
	}
}
