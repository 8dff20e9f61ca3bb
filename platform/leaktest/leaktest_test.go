package leaktest_test

import (
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/leaktest"
)

// leak says what a process of this test binary leaves behind.
const leak = "LEAKTEST_LEAVES"

func TestMain(m *testing.M) { leaktest.Main(m) }

// TestLeaves is what the processes of the other test run.
func TestLeaves(t *testing.T) {
	switch os.Getenv(leak) {
	case "a goroutine":
		go func() { select {} }()
	case "a socket":
		if _, err := net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
	case "a file":
		f, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		runtime.SetFinalizer(f, nil) // it would be closed with the next garbage
	}
}

func TestWhatIsLeftFailsTheRun(t *testing.T) {
	t.Parallel()
	for what, said := range map[string]string{"nothing": "", "a goroutine": "goroutines are left", "a socket": "descriptors are left", "a file": "descriptors are left"} {
		if _, err := os.Stat("/proc/self/fd"); err != nil && said == "descriptors are left" {
			continue
		}
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLeaves$")
		cmd.Env = append(os.Environ(), leak+"="+what)
		out, err := cmd.CombinedOutput()
		if (err != nil) != (said != "") || !strings.Contains(string(out), said) {
			t.Errorf("after a test that leaves %s: %v\n%s", what, err, out)
		}
	}
}
