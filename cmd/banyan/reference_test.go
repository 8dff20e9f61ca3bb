package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
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

// A command of banyan that the text of a page names can be typed, as far as its flags go. What is in blocks of code is typed by the tests of
// the documents.
func TestCommandsInPages(t *testing.T) {
	t.Parallel()
	docs := filepath.Join("..", "..", "docs")
	pages := []string{"../../README.md", "../../CONTRIBUTING.md", "../../templates/app/README.md.tmpl"}
	err := filepath.WalkDir(docs, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && strings.HasSuffix(path, ".md") {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	inText, named := regexp.MustCompile("`banyan ([^`\n]+)`"), 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range inText.FindAllStringSubmatch(string(text), -1) {
			root := tree()
			cmd, rest, err := root.Find(strings.Fields(m[1]))
			if err != nil || cmd == root { // it is the application's
				continue
			}
			named++
			if err := cmd.ParseFlags(rest); err != nil {
				t.Errorf("%s: `banyan %s`: %v", page, m[1], err)
			}
		}
	}
	if named < 20 {
		t.Errorf("the pages name %d commands, so that something has been overlooked", named)
	}
}
