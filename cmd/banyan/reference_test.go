package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The page of the reference about banyan is what its help says; BANYAN_UPDATE=1 writes it.
func TestReference(t *testing.T) {
	t.Parallel()
	root := (&cli{}).root()
	var b strings.Builder
	b.WriteString("# Commands of banyan\n\nWhat works on the source of an application. Every other word behind `banyan` is a [command of the application](cli-app.md), run in mode dev.\n" +
		"This page is written by `BANYAN_UPDATE=1 go test -run TestReference ./cmd/banyan`.\n\n" +
		"| exit code | meaning |\n|---|---|\n| 0 | it is done |\n| 1 | it failed |\n| 2 | it was asked in a wrong way |\n| 3 | a check found something |\n" +
		"| 6 | the state of things is in the way: files that exist or were edited, another run |\n| 130 | it was interrupted |\n")
	fmt.Fprintf(&b, "\nFlags of every command:\n\n```text\n%s```\n", root.PersistentFlags().FlagUsages())
	for _, cmd := range commands(root)[1:] {
		if cmd.HasSubCommands() {
			continue
		}
		text := cmd.Long
		if text == "" {
			text = cmd.Short
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n```text\n%s\n```\n", strings.TrimPrefix(cmd.CommandPath(), "banyan "), strings.TrimSuffix(text, "."), cmd.UseLine())
		if cmd.Example != "" {
			fmt.Fprintf(&b, "\n```text\n%s\n```\n", strings.ReplaceAll(strings.TrimPrefix(cmd.Example, "  "), "\n  ", "\n"))
		}
		if flags := cmd.LocalNonPersistentFlags().FlagUsages(); flags != "" {
			fmt.Fprintf(&b, "\n```text\n%s```\n", flags)
		}
	}
	page := filepath.Join("..", "..", "docs", "reference", "cli-banyan.md")
	if os.Getenv("BANYAN_UPDATE") == "1" {
		if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != b.String() {
		t.Errorf("%s is not what the help says; write it with BANYAN_UPDATE=1 go test -run TestReference ./cmd/banyan", page)
	}
}
