package main

import "slices"

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
