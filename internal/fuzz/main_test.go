package main

import (
	"slices"
	"testing"
)

func TestTargets(t *testing.T) {
	t.Parallel()
	list := "?   \texample.com/a\t[no test files]\nok  \texample.com/b\t0.003s\nFuzzOne\nFuzzTwo\nok  \texample.com/c\t(cached)\nFuzzThree\nok  \texample.com/d\t0.1s\n"
	want := []target{{"example.com/c", "FuzzOne"}, {"example.com/c", "FuzzTwo"}, {"example.com/d", "FuzzThree"}}
	if got := targetsIn([]byte(list)); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
