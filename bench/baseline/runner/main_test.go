package main

import (
	"bufio"
	"math"
	"os/exec"
	"syscall"
	"testing"
)

const wrkOutput = `Running 2s test @ http://127.0.0.1:9130/api/items/42
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   507.03us  205.99us   5.76ms   86.63%
    Req/Sec   131.28k     3.80k  137.31k    71.43%
  Latency Distribution
     50%  484.00us
     75%  541.00us
     90%  0.67ms
     99%    1.26ms
  273919 requests in 2.10s, 57.47MB read
Requests/sec: 130337.22
Transfer/sec:     27.34MB
`

func TestWrkOutput(t *testing.T) {
	t.Parallel()
	if m := reRps.FindStringSubmatch(wrkOutput); m == nil || m[1] != "130337.22" {
		t.Errorf("requests/s: %q", m)
	}
	if m := reReq.FindStringSubmatch(wrkOutput); m == nil || m[1] != "273919" {
		t.Errorf("requests: %q", m)
	}
	lat := reLat.FindAllStringSubmatch(wrkOutput, -1)
	if len(lat) != 2 || lat[0][2]+lat[0][3] != "484.00us" || lat[1][2]+lat[1][3] != "1.26ms" {
		t.Errorf("latency: %q", lat)
	}
	if m := reErr.FindStringSubmatch(wrkOutput); m != nil {
		t.Errorf("errors where there are none: %q", m)
	}
}

func TestWrkErrors(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"  Non-2xx or 3xx responses: 12", "  Socket errors: connect 0, read 3, write 0, timeout 0"} {
		if !reErr.MatchString(wrkOutput + line + "\n") {
			t.Errorf("%q is not seen", line)
		}
	}
}

func TestMed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		x    []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 2, 9}, 3}} {
		if got := med(c.x); got != c.want {
			t.Errorf("med(%v) = %v, want %v", c.x, got, c.want)
		}
	}
	if got := med(nil); !math.IsNaN(got) {
		t.Errorf("med of nothing = %v, want NaN", got)
	}
	if lo, hi := minmax([]float64{2, 1, 3}); lo != 1 || hi != 3 {
		t.Errorf("minmax = %v, %v, want 1, 3", lo, hi)
	}
}

// TestCPUTicks compares what is read from /proc with what the system says of a process when it has ended.
func TestCPUTicks(t *testing.T) {
	t.Parallel()
	c := exec.Command("sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo done; read -r end")
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	got := cpuTicks(c.Process.Pid)
	in.Close()
	_ = c.Wait() // read finds the end of its input and fails
	want := (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds()
	if want < 0.05 || math.Abs(got-want) > 0.03 { // two clocks of 10 ms, rounded down
		t.Errorf("cpuTicks = %v s, the system says %v s", got, want)
	}
}
