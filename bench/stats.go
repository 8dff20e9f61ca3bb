package main

import (
	"math"
	"slices"
)

// median returns the middle of the samples, or the mean of the two in the middle. There has to be at least one.
func median(samples []float64) float64 {
	s := slices.Sorted(slices.Values(samples))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}

// sampled is a value with the spread of its samples.
func sampled(name, unit string, samples []float64) value {
	return value{Name: name, Unit: unit, Median: median(samples), Low: slices.Min(samples), High: slices.Max(samples), Samples: len(samples)}
}

// single is a value that was read once.
func single(name, unit string, v float64) value {
	return value{Name: name, Unit: unit, Median: v, Low: v, High: v, Samples: 1}
}

// upperBound returns what the mean of the samples does not exceed with a confidence of 95 %, by Student's t. There have to be two at least.
func upperBound(samples []float64) float64 {
	n := float64(len(samples))
	var sum, squares float64
	for _, s := range samples {
		sum += s
	}
	mean := sum / n
	for _, s := range samples {
		squares += (s - mean) * (s - mean)
	}
	return mean + quantile(len(samples)-1)*math.Sqrt(squares/(n-1)/n)
}

// quantile is the 95 % quantile of Student's t with so many degrees of freedom. Beyond ten it stays a little too large.
func quantile(freedom int) float64 {
	t := []float64{6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812}
	return t[min(freedom, len(t))-1]
}
