package telemetry

import (
	"os"
	"runtime"
	"testing"
)

func TestParseStat(t *testing.T) {
	t.Parallel()
	const tail = " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 42 18 19 9000 25 24 25 26"
	want := processStats{residentBytes: 100, virtualBytes: 9000, threads: 42}
	for stat, want := range map[string]processStats{
		"7 (app)" + tail:            want,
		"7 (a) b (c) 1 2 3)" + tail: want,
		"":                          {},
		"7 (app) S 1 2":             {},
		"7 (app) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 x 18 19 -1 99999999999999999999 0": {},
	} {
		if got := parseStat([]byte(stat), 4); got != want {
			t.Errorf("parseStat(%q) = %+v, want %+v", stat, got, want)
		}
	}
}

func TestReadProcess(t *testing.T) {
	before := readProcess()
	if before.residentBytes < 1<<20 || before.virtualBytes < before.residentBytes || before.threads < 1 || before.openFDs < 3 {
		t.Errorf("process = %+v", before)
	}
	entries, err := os.ReadDir("/proc/self/fd") // one of them is the folder itself, open while it is read
	if err != nil {
		t.Fatal(err)
	}
	if before.openFDs != len(entries)-1 {
		t.Errorf("%d descriptors, want %d", before.openFDs, len(entries)-1)
	}
	f, err := os.Open("/proc/self/stat")
	if err != nil {
		t.Fatal(err)
	}
	if after := readProcess(); after.openFDs != before.openFDs+1 {
		t.Errorf("%d descriptors, want one more than %d", after.openFDs, before.openFDs)
	}
	f.Close()
	runtime.KeepAlive(f)
	if got := countEntries("/no/such/folder"); got != 0 {
		t.Errorf("entries of no folder = %d", got)
	}
}
