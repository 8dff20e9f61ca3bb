package main

import (
	"math"
	"testing"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		samples []float64
		want    float64
	}{
		{"one", []float64{3}, 3},
		{"odd", []float64{9, 1, 5}, 5},
		{"even", []float64{4, 1, 2, 9}, 3},
		{"an outlier does not count", []float64{1, 1, 1, 1, 1000}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := median(c.samples); got != c.want {
				t.Errorf("median(%v) = %v, want %v", c.samples, got, c.want)
			}
		})
	}
}

func TestMedianLeavesTheSamples(t *testing.T) {
	t.Parallel()
	samples := []float64{3, 1, 2}
	if median(samples); samples[0] != 3 {
		t.Errorf("samples are %v after median", samples)
	}
}

func TestSampled(t *testing.T) {
	t.Parallel()
	want := value{Name: "start", Unit: "ms", Median: 3, Low: 2, High: 7, Samples: 3}
	if got := sampled("start", "ms", []float64{7, 2, 3}); got != want {
		t.Errorf("sampled() = %+v, want %+v", got, want)
	}
}

// Ten samples with the mean 1 and the standard deviation 0.1: their mean has the standard error 0.1/sqrt(10).
func TestUpperBound(t *testing.T) {
	t.Parallel()
	step := 0.1 * math.Sqrt(9.0/10)
	samples := []float64{1 + step, 1 - step, 1 + step, 1 - step, 1 + step, 1 - step, 1 + step, 1 - step, 1 + step, 1 - step}
	if got, want := upperBound(samples), 1+1.833*0.1/math.Sqrt(10); math.Abs(got-want) > 1e-12 {
		t.Errorf("upperBound() = %v, want %v", got, want)
	}
	if got := upperBound([]float64{2, 2}); got != 2 {
		t.Errorf("without any spread it is %v", got)
	}
	if quantile(1) != 6.314 || quantile(9) != 1.833 || quantile(100) != 1.812 {
		t.Error("the quantiles are not those of their degrees of freedom")
	}
}
