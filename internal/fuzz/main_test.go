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

func TestTheEndOfTheTimeIsNoFailure(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]bool{
		"fuzz: elapsed: 20s, execs: 1049789\n--- FAIL: FuzzParse (20.13s)\n    context deadline exceeded\nFAIL\nexit status 1\n":                                                            true,
		"--- FAIL: FuzzParse (0.13s)\n    --- FAIL: FuzzParse (0.00s)\n        page_test.go:9: context deadline exceeded\n\n    Failing input written to testdata/fuzz/FuzzParse/1\nFAIL\n": false,
		"--- FAIL: FuzzParse (0.13s)\n    panic: boom\nFAIL\n": false,
		"fuzz: elapsed: 20s\nPASS\n":                           false, // then the command has failed for another reason
		"":                                                     false,
	} {
		if got := outOfTime(said); got != want {
			t.Errorf("%v for %q", got, said)
		}
	}
}
