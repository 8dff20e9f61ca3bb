package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/banyan-go/banyan/platform/cli/clitest"
)

// The page of the reference about banyan is what its help says; BANYAN_UPDATE=1 writes it.
func TestReference(t *testing.T) {
	t.Parallel()
	rendered := clitest.Reference("Commands of banyan",
		"What works on the source of an application. Every other word behind `banyan` is a [command of the application](cli-app.md), run in mode dev; flags\n"+
			"that both know count for both.\nThis page is written by `BANYAN_UPDATE=1 go test -run TestReference ./cmd/banyan`.\n\n"+
			"Data goes to standard output, with `--json` as JSON; progress, warnings and errors to standard error. What writes takes `--dry-run`.",
		func(args ...string) string { return banyan(t, ".", args...).out })
	page := filepath.Join("..", "..", "docs", "reference", "cli-banyan.md")
	if os.Getenv("BANYAN_UPDATE") == "1" {
		if err := os.WriteFile(page, []byte(rendered), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != rendered {
		t.Errorf("%s is not what the help says; write it with BANYAN_UPDATE=1 go test -run TestReference ./cmd/banyan", page)
	}
}
