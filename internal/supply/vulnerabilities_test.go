package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/servertest"
)

// everyPrintln is a report of a vulnerability that every program with fmt.Println has.
const everyPrintln = `{"schema_version": "1.3.1", "id": "GO-2026-0001", "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z",
	"summary": "Prints too much", "details": "Prints too much.", "affected": [{"package": {"name": "stdlib", "ecosystem": "Go"},
	"ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}], "ecosystem_specific": {"imports": [{"path": "fmt", "symbols": ["Println"]}]}}],
	"database_specific": {"url": "https://example.com/GO-2026-0001"}}`

// database writes a database of vulnerabilities, and returns what govulncheck calls it by.
func database(t *testing.T, modules string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"index/db.json": `{"modified": "2026-01-01T00:00:00Z"}`, "index/modules.json": modules, "index/vulns.json": `[]`, "ID/GO-2026-0001.json": everyPrintln,
	})
	return "-db=file://" + dir
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestVulnerabilities(t *testing.T) {
	t.Parallel()
	servertest.Need(t, servertest.GoTool("govulncheck", "golang.org/x/vuln/cmd/govulncheck"))
	script, err := filepath.Abs("../../.ci/vulnerabilities")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"go.mod": "module example.com\n\ngo 1.26\n", "hello/main.go": "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(1) }\n", "broken/main.go": "package main\n\nfunc main() { x }\n",
	})
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodHead { // which asks whether it is a database
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(broken.Close)
	none, one := database(t, `[]`), database(t, `[{"path": "stdlib", "vulns": [{"id": "GO-2026-0001", "modified": "2026-01-01T00:00:00Z"}]}]`)
	for name, row := range map[string]struct {
		args, env []string
		code      int
		says      string
		lines     int // 0 for any number
	}{
		"none":                               {[]string{none, "./hello"}, nil, 0, "No vulnerabilities found.", 0},
		"one that is called":                 {[]string{one, "./hello"}, nil, 3, "main.go:5:26: hello.main calls fmt.Println", 0},
		"the database is out of reach":       {[]string{"./hello"}, []string{"HTTPS_PROXY=http://127.0.0.1:1"}, 0, "vulnerabilities: NOT CHECKED, the database cannot be reached (Get ", 1},
		"the database is none":               {[]string{"-db=file://" + dir + "/none", "./hello"}, nil, 1, "no such file", 0},
		"the database is broken":             {[]string{"-db=" + broken.URL, "./hello"}, nil, 1, "fetching vulnerabilities: ", 0},
		"what is looked at does not compile": {[]string{none, "./broken"}, nil, 1, "undefined: x", 0},
		"an unknown flag":                    {[]string{"-unknown"}, nil, 2, "-unknown", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), script, row.args...)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), row.env...)
			out, err := cmd.CombinedOutput()
			code := 0
			if exit := new(exec.ExitError); errors.As(err, &exit) {
				code = exit.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			if code != row.code || !strings.Contains(string(out), row.says) || row.lines > 0 && strings.Count(string(out), "\n") != row.lines {
				t.Errorf("exit code %d, want %d; wanted to read %q:\n%s", code, row.code, row.says, out)
			}
		})
	}
}
