package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/modules/catalog/catalogwire"
	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/module"
	"github.com/banyan-go/banyan/platform/servertest"
)

func boot(t *testing.T) *apptest.App {
	t.Helper()
	return apptest.Run(t, func(p module.Platform) (module.Module, error) {
		return catalogwire.New(p, catalogwire.Default(), catalogwire.Needs{})
	})
}

// linter is a program of testdata/linters.
func linter(name string) servertest.Program {
	return servertest.Program{
		Name:     name,
		Commands: []string{"./testdata/linters/node_modules/.bin/" + name},
		Command:  "npm ci --ignore-scripts --prefix cmd/app/testdata/linters",
	}
}

// documents are this application's API document, and one that has everything in it that operations can have.
func documents(t *testing.T) []string {
	t.Helper()
	own := filepath.Join(t.TempDir(), "openapi.json")
	if err := os.WriteFile(own, boot(t).Get("/openapi.json").Want(200).Body, 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{own, "../../platform/api/testdata/openapi.json"}
}

// lint runs a linter, whose exit code says whether it found an error.
func lint(t *testing.T, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), "NO_COLOR=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s %s: %v\n%s", filepath.Base(program), strings.Join(args, " "), err, out)
	}
}

func TestDocumentPassesRedoclyRecommended(t *testing.T) {
	t.Parallel()
	redocly := servertest.Need(t, linter("redocly"))
	for _, document := range documents(t) {
		lint(t, redocly, "lint", "--extends", "recommended", document)
	}
}

func TestDocumentPassesSpectralOAS(t *testing.T) {
	t.Parallel()
	spectral := servertest.Need(t, linter("spectral"))
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(rules, []byte(`extends: ["spectral:oas"]`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, document := range documents(t) {
		lint(t, spectral, "lint", "--fail-severity", "warn", "--ruleset", rules, document)
	}
}

// The page has to work where there is no internet: the browser of this test has none.
func TestDocsPageShowsTheOperations(t *testing.T) {
	t.Parallel()
	chromium := servertest.Need(t, servertest.Chromium())
	a := boot(t)
	args := []string{
		"--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir=" + t.TempDir(), "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--virtual-time-budget=20000",
	}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox")
	}
	cmd := exec.CommandContext(t.Context(), chromium, append(args, "--dump-dom", a.URL+"/docs")...)
	var log bytes.Buffer
	cmd.Stderr = &log
	page, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, log.Bytes())
	}
	for _, path := range []string{"/api/v1/catalog/products", "/api/v1/catalog/products/{id}"} {
		if !bytes.Contains(page, []byte(`data-path="`+path+`"`)) {
			t.Errorf("the page does not show %s:\n%s", path, page)
		}
	}
}
