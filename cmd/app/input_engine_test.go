package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/servertest"
)

// What strangers send means nothing to PostgreSQL either: the tests of it run again, in a process whose profile has that engine.
func TestInputOnPostgres(t *testing.T) {
	t.Parallel()
	tests := []string{
		"TestTextIsText", "TestQueryInput", "TestIDInput", "TestServerFieldsAreRefused", "TestBodyInput", "TestPreconditions", "TestMethodInput", "TestCursorInput", "TestLogInput",
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^("+strings.Join(tests, "|")+")$", "-test.v")
	cmd.Env = append(os.Environ(), "BANYAN_PROFILE="+string(apptest.Postgres), "BANYAN_POSTGRES="+servertest.StartPostgres(t).DSN("postgres"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range tests {
		if !strings.Contains(string(out), "\n--- PASS: "+name+" ") {
			t.Errorf("%s did not run\n%s", name, out)
		}
	}
}
