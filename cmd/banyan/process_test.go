package main

import (
	"bufio"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/banyan-go/banyan/generator/projecttest"
)

// What banyan does not know is a command of the application, in mode dev, with its output and its exit code. What somebody has built for
// production stays as it is.
func TestPassThrough(t *testing.T) {
	t.Parallel()
	root := projecttest.New(t, filepath.Join(t.TempDir(), "shop")).Root
	const released = "\x7fELF" // go build takes over nothing else
	release := filepath.Join(root, "bin", "shop")
	if err := errors.Join(os.Mkdir(filepath.Dir(release), 0o755), os.WriteFile(release, []byte(released), 0o755)); err != nil {
		t.Fatal(err)
	}
	r := banyan(t, root, "routes")
	if r.code != 0 || !strings.HasPrefix(r.out, "METHOD ") {
		t.Errorf("routes: %+v", r)
	}
	if text, err := os.ReadFile(release); err != nil || string(text) != released {
		t.Errorf("the release is another one: %d bytes, error %v", len(text), err)
	}
	for _, c := range []struct {
		args      string
		code      int
		out, errs string
	}{
		{"-q --no-color --profile single about", 0, "dev", ""},
		{"-q about --mode prod", 0, "prod", ""},
		{"-q config show --origin db.dsn", 0, "db.dsn  ••••  configs/profiles/single.yaml:5", ""},
		{"-q help migrate up", 0, "Apply what is pending", ""},
		{"--quiet help nosuch", 2, "", `error: banyan has no command "nosuch"`},
		{"-q --help migrate up", 0, "Apply what is pending", ""},
		{"-q migrate up --help", 0, "Apply what is pending", ""},
		{"--quiet rotues --help", 2, "", `error: banyan has no command "rotues", did you mean routes?`},
		{"--quiet nosuch", 2, "", `error: banyan has no command "nosuch"`},
		{"-q healthcheck --set http.ops_addr=127.0.0.1:1", 5, "", "error: "},
	} {
		r := banyan(t, root, strings.Fields(c.args)...)
		if r.code != c.code || !strings.Contains(r.out, c.out) || !strings.HasPrefix(r.errs, c.errs) || c.errs == "" && r.errs != "" || strings.Count(r.errs, "error: ") > 1 {
			t.Errorf("%s: exit code %d, want %d\n%s%s", c.args, r.code, c.code, r.out, r.errs)
		}
	}

	// A file is where somebody stands, and is told as it is called in the project.
	if r := banyan(t, filepath.Join(root, "modules"), "-q", "backup", "verify", "../configs/none.backup"); r.code != 1 || !strings.Contains(r.errs, " configs/none.backup: no such file") {
		t.Errorf("a file of a folder: %+v", r)
	}
	if r := banyan(t, filepath.Join(root, "modules"), "-q", "backup", "verify", "none.backup"); r.code != 1 || !strings.Contains(r.errs, " modules/none.backup: no such file") {
		t.Errorf("a file of a folder: %+v", r)
	}

	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	if r := banyanContext(interrupted, root, "-q", "routes"); r.code != 130 || r.errs != "" {
		t.Errorf("interrupted: %+v", r)
	}
	mistake := filepath.Join(root, "cmd/shop/mistake.go")
	if err := os.WriteFile(mistake, []byte("package main\n\nvar mistake int = \"text\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := banyan(t, root, "routes"); r.code != 1 || !strings.Contains(r.errs, "cmd/shop/mistake.go:3:19: ") || !strings.HasSuffix(r.errs, "next:  mend what is named above, then run it again\n") {
		t.Errorf("does not compile: %+v", r)
	}
}

// What is tested is named from the folder that somebody stands in.
func TestTestsOfAFolder(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	small := p.Path("internal", "small")
	if err := errors.Join(os.MkdirAll(small, 0o755),
		os.WriteFile(filepath.Join(small, "small_test.go"), []byte("package small\n\nimport \"testing\"\n\nfunc TestSmall(*testing.T) {}\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if r := banyan(t, small, "test", ".", "--", "-v"); r.code != 0 || !strings.Contains(r.out, "--- PASS: TestSmall") || strings.Count(r.out, "--- ") != 1 {
		t.Errorf("exit code %d\n%s%s", r.code, r.out, r.errs)
	}
}

// installed builds the command from a copy of this checkout that is gone when it runs.
func installed(t *testing.T) string {
	t.Helper()
	source, binary := filepath.Join(t.TempDir(), "banyan"), filepath.Join(t.TempDir(), "banyan")
	root := projecttest.Checkout(t)
	for _, name := range []string{"cmd/banyan", "generator", "templates", "platform/archtest", "platform/blob", "platform/cli", "platform/db/migratelint", "platform/images/spec", "platform/servertest", "modules/accounts", ".banyan/resources/accounts"} {
		if err := os.CopyFS(filepath.Join(source, name), os.DirFS(filepath.Join(root, name))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"go.mod", "go.sum", "embed.go"} {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(source, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./cmd/banyan")
	build.Dir = source
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.RemoveAll(source); err != nil {
		t.Fatal(err)
	}
	return binary
}

// A person's first and last minute with the installed command.
func TestInstalled(t *testing.T) {
	t.Parallel()
	binary := installed(t)

	t.Run("new without a checkout", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		cmd := exec.CommandContext(t.Context(), binary, "new", "shop")
		cmd.Dir = dir
		out, _ := cmd.CombinedOutput() // the exit code is below
		const want = "error: this banyan was built from a checkout that is not there any more: name one with --replace PATH\nnext:  banyan new NAME --replace PATH\n"
		if code := cmd.ProcessState.ExitCode(); code != 2 || string(out) != want {
			t.Errorf("exit code %d\n%s", code, out)
		}
		if left := projecttest.Read(t, dir); len(left) > 0 {
			t.Errorf("written: %v", left)
		}
	})

	root := projecttest.New(t, filepath.Join(t.TempDir(), "shop")).Root
	t.Run("the end of dev", func(t *testing.T) {
		t.Parallel()
		for name, sig := range map[string]syscall.Signal{"Ctrl-C": syscall.SIGINT, "a terminal that is closed": syscall.SIGHUP} {
			t.Run(name, func(t *testing.T) { endOfDev(t, binary, root, sig) })
		}
	})
}

// endOfDev starts dev, ends it by a signal, and looks for what is left of it.
func endOfDev(t *testing.T, binary, root string, sig syscall.Signal) {
	cmd := exec.CommandContext(t.Context(), binary, "dev", "--", "--addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0")
	cmd.Dir = root
	errs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	serving := regexp.MustCompile(`serving +http://localhost(:\d+)`)
	var said strings.Builder
	addr := ""
	for lines := bufio.NewScanner(errs); addr == "" && lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if m := serving.FindStringSubmatch(lines.Text()); m != nil {
			addr = "127.0.0.1" + m[1]
		}
	}
	if addr == "" {
		t.Fatalf("it does not serve:\n%s", &said)
	}
	if err := cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("an end that was asked for is no failure: %v", err)
	}
	again, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatalf("the application lives on: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}
