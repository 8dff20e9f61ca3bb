package docs_test

import (
	"bytes"
	_ "embed"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/banyan-go/banyan/platform/servertest"
)

// reader is what a reader does around the commands of a page: waits until a server serves, ends it before the next.
//
//go:embed testdata/reader.sh
var reader string

// Each page with commands is read from top to bottom by somebody who types all of them, in a clone of this repository.
func TestCommandsRun(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("types every command of the documents, which takes minutes")
	}
	scripts := map[string]string{}
	for _, page := range pages(t) {
		scripts[page] = commands(read(t, page))
	}
	// That of a new application is read where it stands.
	scripts["README of a new application"] = "go install ./cmd/banyan\nbanyan new ../shop\ncd ../shop\n" +
		commands(strings.ReplaceAll(read(t, "templates/app/README.md.tmpl"), "{{.App}}", "shop"))
	for page, script := range scripts {
		if script == "" {
			continue
		}
		t.Run(strings.ReplaceAll(page, "/", "_"), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			clone(t, filepath.Join(dir, "banyan"))
			_, port, _ := net.SplitHostPort(servertest.Addr(t))
			script = strings.ReplaceAll(script, "localhost:8080", "localhost:"+port)
			cmd := exec.CommandContext(t.Context(), "bash", "-c", reader+script)
			cmd.Dir = filepath.Join(dir, "banyan")
			// Without the paths of the clones in what is compiled, all of them share the build cache. Nobody looks at these programs with a debugger.
			cmd.Env = append(os.Environ(), "GOFLAGS=-trimpath -ldflags=-w", "CGO_ENABLED=0", "PORT="+port, "APP_HTTP__OPS_ADDR=127.0.0.1:0",
				"GOBIN="+filepath.Join(dir, "bin"), "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// commands joins the blocks of a page that are for a shell, and writes the files that it shows: a block whose first line says "go PATH".
func commands(text string) string {
	var script strings.Builder
	kind, file := "", ""
	for line := range strings.Lines(text) {
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && kind != "":
			if file != "" {
				script.WriteString("END_OF_FILE\n")
			}
			kind, file = "", ""
		case fence:
			kind, file, _ = strings.Cut(strings.TrimSpace(info), " ")
			if kind == "" {
				kind = "text"
			}
			if file != "" {
				script.WriteString("mkdir -p \"$(dirname " + file + ")\" && cat >" + file + " <<'END_OF_FILE'\n")
			}
		case kind == "sh" || file != "":
			script.WriteString(line)
		}
	}
	return script.String()
}

// clone copies what git would clone, with the changes that are not committed yet.
func clone(t *testing.T, dir string) {
	t.Helper()
	list := exec.CommandContext(t.Context(), "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		t.Fatalf("list the files of the repository: %v", err)
	}
	for name := range bytes.SplitSeq(bytes.TrimSuffix(names, []byte{0}), []byte{0}) {
		from, to := filepath.Join(root, string(name)), filepath.Join(dir, string(name))
		data, err := os.ReadFile(from)
		if os.IsNotExist(err) {
			continue // deleted, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, data, info.Mode()); err != nil {
			t.Fatal(err)
		}
	}
}
