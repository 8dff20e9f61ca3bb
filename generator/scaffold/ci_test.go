package scaffold_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// What the CI file of a new application runs passes at once, on vendored dependencies as it asks for. The actions are not run.
func TestCommandsOfContinuousIntegrationPass(t *testing.T) {
	t.Parallel()
	if os.Getenv("BANYAN_LONG") == "" {
		t.Skip("builds and tests an application in CI's ways, and the tools that it uses there: a minute, with BANYAN_LONG=1")
	}
	o := options(t)
	made(t, o)
	command(t, o.Dir, os.Environ(), 0, "go", "mod", "vendor")
	var file struct {
		Jobs map[string]struct {
			Steps []struct{ Name, Run string }
		}
	}
	if err := yaml.Unmarshal([]byte(readFile(t, o.Dir, ".github/workflows/ci.yml")), &file); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, step := range file.Jobs["test"].Steps {
		if step.Run == "" {
			continue
		}
		ran++
		cmd := exec.CommandContext(t.Context(), "bash", "-e", "-c", step.Run)
		// Without the path of the folder in what is compiled, the build cache serves every run.
		cmd.Dir, cmd.Env = o.Dir, append(os.Environ(), "GOFLAGS=-trimpath", "CGO_ENABLED=0")
		out, err := cmd.CombinedOutput()
		if err != nil && !strings.Contains(string(out), "govulncheck: fetching vulnerabilities: Get ") { // whose database not every network has
			t.Errorf("%s: %v\n%s", step.Run, err, out)
		}
	}
	if ran < 5 {
		t.Errorf("%d commands ran", ran)
	}
	bill := readFile(t, o.Dir, filepath.Join("bin", filepath.Base(o.Dir)+".cdx.json"))
	if !strings.Contains(bill, `"pkg:golang/gorm.io/gorm@v`) {
		t.Errorf("the bill of materials does not know gorm:\n%s", bill)
	}
}
