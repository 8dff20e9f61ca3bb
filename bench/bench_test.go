package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestNeedNamesThePackage(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for tool, pkg := range map[string]string{"wrk": "apt-get install wrk", "taskset": "apt-get install util-linux"} {
		if err := need(tool); err == nil || !strings.Contains(err.Error(), tool+" is not in PATH") || !strings.Contains(err.Error(), pkg) {
			t.Errorf("need(%s) = %v, want an error with %q", tool, err, pkg)
		}
	}
	if err := need(); err != nil {
		t.Errorf("need() = %v", err)
	}
}

func TestSettingsDropsWhatWouldConfigure(t *testing.T) {
	t.Setenv("APP_HTTP__ADDR", ":1")
	t.Setenv("DATABASE_URL", "postgres://somewhere")
	t.Setenv("PORT", "1")
	t.Setenv("PORTAGE", "kept")
	got := settings("APP_KEYS=new")
	for _, pair := range []string{"APP_HTTP__ADDR=:1", "DATABASE_URL=postgres://somewhere", "PORT=1"} {
		if slices.Contains(got, pair) {
			t.Errorf("settings() holds %s", pair)
		}
	}
	for _, pair := range []string{"APP_KEYS=new", "PORTAGE=kept"} {
		if !slices.Contains(got, pair) {
			t.Errorf("settings() does not hold %s", pair)
		}
	}
}

func TestOutputTellsWhatWasSaid(t *testing.T) {
	t.Parallel()
	b := &bench{log: io.Discard}
	_, err := b.output(t.Context(), t.TempDir(), os.Environ(), "sh", "-c", "echo the reason >&2; exit 3")
	if err == nil || !strings.Contains(err.Error(), "the reason") {
		t.Errorf("output() = %v, want an error with what the program said", err)
	}
}

func TestCPUModel(t *testing.T) {
	t.Parallel()
	const cpuinfo = "processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: AMD EPYC\n\nprocessor\t: 1\nmodel name\t: other\n"
	if got := cpuModel(cpuinfo); got != "AMD EPYC" {
		t.Errorf("cpuModel() = %q, want AMD EPYC", got)
	}
	if got := cpuModel("processor\t: 0\n"); got != "unknown" {
		t.Errorf("cpuModel() without a name = %q, want unknown", got)
	}
}

func TestSizeOf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "below"), 0o750); err != nil {
		t.Fatal(err)
	}
	for name, size := range map[string]int{"a": 10, "below/b": 32} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("a", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if got, err := sizeOf(dir); got != 42 || err != nil {
		t.Errorf("sizeOf() = %v, %v, want 42", got, err)
	}
}

// TestBaselineVersions keeps the comparison fair: a baseline uses the versions that we use.
func TestBaselineVersions(t *testing.T) {
	t.Parallel()
	ours := requirements(t, "../go.mod")
	for _, c := range []struct {
		module  string
		modules []string
	}{
		{"http", []string{"github.com/gofiber/fiber/v2", "github.com/valyala/fasthttp"}},
		{"startup", []string{"github.com/gofiber/fiber/v2", "github.com/valyala/fasthttp"}},
		{"products", []string{
			"github.com/gofiber/fiber/v2", "github.com/valyala/fasthttp", "gorm.io/gorm",
			"github.com/ncruces/go-sqlite3", "github.com/ncruces/go-sqlite3/gormlite", "github.com/ncruces/go-sqlite3-wasm/v6",
		}},
		{"posts", []string{"github.com/gofiber/fiber/v2", "github.com/valyala/fasthttp", "gorm.io/gorm", "gorm.io/driver/postgres", "github.com/jackc/pgx/v5"}},
	} {
		theirs := requirements(t, filepath.Join("baseline", c.module, "go.mod"))
		for _, m := range c.modules {
			if theirs[m] == "" || theirs[m] != ours[m] {
				t.Errorf("baseline/%s requires %s %s, we require %s", c.module, m, theirs[m], ours[m])
			}
		}
	}
}

// requirements reads the versions out of a go.mod.
func requirements(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(strings.TrimPrefix(line, "require ")); len(f) >= 2 && strings.HasPrefix(f[1], "v") {
			versions[f[0]] = f[1]
		}
	}
	return versions
}
