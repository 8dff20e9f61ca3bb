package telemetry

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestParseDiskIO(t *testing.T) {
	t.Parallel()
	const whole = "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 5\n"
	for text, want := range map[string]diskIO{
		whole:                                   {4096, 8192},
		"":                                      {},
		"read_bytes: 1\n":                       {1, 0},
		"read_bytes: x\nwrite_bytes: 1\n":       {0, 1},
		"read_bytes: -1\nwrite_bytes: -1\n":     {},
		strings.ReplaceAll(whole, "\n", "\r\n"): {4096, 8192},
	} {
		got, ok := parseDiskIO([]byte(text))
		if complete := strings.HasPrefix(text, "rchar"); got != want || ok != complete {
			t.Errorf("%q: %+v %v, want %+v %v", text, got, ok, want, complete)
		}
	}
}

func TestParseNetworkIO(t *testing.T) {
	t.Parallel()
	const text = "Inter-|   Receive                                                |  Transmit\n" +
		" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n" +
		"    lo: 99 1 0 0 0 0 0 0 99 1 0 0 0 0 0 0\n" +
		"  eth0: 1500 10 0 0 0 0 0 0 700 8 0 0 0 0 0 0\n" +
		"veth12: 5 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0\n" +
		"  wg-0:18446744073709551615 1 0 0 0 0 0 0 3 1 0 0 0 0 0 0\n" +
		"  odd0: 1 2 3\n  odd1: x 1 0 0 0 0 0 0 3 1 0 0 0 0 0 0\n"
	want := []networkIO{{"eth0", 1500, 700}, {"wg-0", 18446744073709551615, 3}}
	if got := parseNetworkIO([]byte(text)); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := parseNetworkIO(nil); got != nil {
		t.Errorf("of nothing %+v", got)
	}
}

func TestReadIO(t *testing.T) {
	dir := t.TempDir()
	before, counts := readDiskIO()
	if _, err := os.Stat("/proc/self/io"); counts != (err == nil) { // some kernels do not count
		t.Fatalf("counts: %v, %v", counts, err)
	}
	f, err := os.Create(filepath.Join(dir, "x"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(bytes.Repeat([]byte("x"), 1<<20)); err != nil {
		t.Fatal(err)
	}
	if after, ok := readDiskIO(); ok != counts || after.read < before.read || after.written < before.written {
		t.Errorf("before %+v, after %+v", before, after)
	}
	fs, ok := readFileSystem(dir)
	if !ok || fs.limit == 0 || fs.used+fs.free+fs.reserved != fs.limit {
		t.Errorf("the file system is %+v", fs)
	}
	for _, none := range []string{"", filepath.Join(dir, "missing")} {
		if fs, ok := readFileSystem(none); ok {
			t.Errorf("%q: %+v", none, fs)
		}
	}
}
