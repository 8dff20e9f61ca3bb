package main

import (
	"os"
	"testing"

	"github.com/banyan-go/banyan/platform/leaktest"
)

// asApplication tells a process of this test binary that it is the application: it has the same main, and with -race the race detector.
const asApplication = "APPTEST_MAIN"

// TestMain runs the application in the processes that the tests start.
func TestMain(m *testing.M) {
	if os.Getenv(asApplication) != "" {
		main() // which ends the process
	}
	leaktest.Main(m)
}
