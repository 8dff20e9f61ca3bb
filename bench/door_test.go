package main

import "testing"

// Each operation has a row and a verdict of its own, over the ratio of each round.
func TestDoorFigure(t *testing.T) {
	t.Parallel()
	f := doorFigure("sqlite", "SQLite", []comparison{{"get", 1, 2}, {"list", 6, 5}, {"get", 2, 4}, {"list", 6, 5}})
	if len(f.Rows) != 2 || len(f.Verdicts) != 2 || f.Rows[0].Name != "get" || f.Rows[1].Name != "list" {
		t.Fatalf("the figure is %+v", f)
	}
	for i, want := range []struct {
		ratio float64
		met   bool
	}{{0.5, true}, {1.2, false}} {
		if ratio := f.Rows[i].Values[2]; ratio.Median != want.ratio || ratio.Samples != 2 || f.Verdicts[i].Met != want.met || f.Verdicts[i].Value != want.ratio {
			t.Errorf("%s: %+v and %+v, want the ratio %v", f.Rows[i].Name, ratio, f.Verdicts[i], want.ratio)
		}
	}
}
