package app_test

import (
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// A program on one CPU has a thread that looks at the network while the other one works, unless somebody says what it is to have.
func TestTwoThreadsOnOneCPU(t *testing.T) {
	t.Parallel()
	runtime.LockOSThread() // for good: the thread keeps to one CPU, ends with the test, and what it starts inherits that
	var allowed, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		t.Fatal(err)
	}
	cpu := 0
	for !allowed.IsSet(cpu) {
		cpu++
	}
	one.Set(cpu)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		t.Fatal(err)
	}
	for said, want := range map[string]string{"": "2", "1": "1", "3": "3"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "about")
		cmd.Dir = t.TempDir()
		cmd.Env = append(os.Environ(), asProgram+"=1", "GOMAXPROCS="+said)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if got := regexp.MustCompile(`(?m)^cpus +(\d+)$`).FindSubmatch(out); got == nil || string(got[1]) != want {
			t.Errorf("with GOMAXPROCS=%q about says %q, want cpus %s", said, out, want)
		}
	}
}
