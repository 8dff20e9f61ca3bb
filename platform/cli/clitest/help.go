// Package clitest is what the tests of a program's commands have in common: it reads help, renders the reference of it, compares the shape of
// what commands print as JSON, and runs them on a terminal.
package clitest

import (
	"fmt"
	"strings"

	"github.com/banyan-go/banyan/platform/cli"
)

// Help is what a command says of itself.
type Help struct {
	Examples []string // commands; one that was broken into several lines is whole
	Text     string
	sections map[string]string
}

// ReadHelp takes the help of a command apart.
func ReadHelp(text string) Help {
	h := Help{sections: map[string]string{}}
	var prose []string
	for part := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n\n") {
		switch title, lines, ok := strings.Cut(part, ":\n"); {
		case ok && strings.HasPrefix(lines, "  "):
			h.sections[title] = lines
		case !strings.HasPrefix(part, "Flags of every command, "):
			prose = append(prose, part)
		}
	}
	for line := range strings.SplitSeq(strings.ReplaceAll(h.sections["Examples"], " \\\n      ", " "), "\n") {
		h.Examples = append(h.Examples, strings.TrimSpace(line))
	}
	h.Text = strings.Join(prose, "\n\n")
	return h
}

// Commands returns those that `help all` lists, each as its words.
func (h Help) Commands() (all [][]string) {
	for line := range strings.SplitSeq(h.sections["Commands"], "\n") {
		if words, _, _ := strings.Cut(strings.TrimPrefix(line, "  "), "  "); strings.HasPrefix(line, "  ") && words != "" {
			all = append(all, strings.Fields(words))
		}
	}
	return all
}

// Reference renders the page about the commands of a program. Intro stands below the title; help returns what the program prints for these
// arguments.
func Reference(title, intro string, help func(args ...string) string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n\n| exit code | meaning |\n|---|---|\n", title, intro)
	for _, e := range cli.ExitCodes() {
		fmt.Fprintf(&b, "| %d | %s |\n", e.Code, e.Meaning)
	}
	all := ReadHelp(help("help", "all"))
	fmt.Fprintf(&b, "\nFlags of every command:\n\n%s", block(all.sections["Flags of every command"]))
	for _, words := range all.Commands() {
		h := ReadHelp(help(append(words, "--help")...))
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n%s\n%s", strings.Join(words, " "), h.Text,
			block(strings.TrimPrefix(h.sections["Usage"], "  ")), block(strings.ReplaceAll(strings.TrimPrefix(h.sections["Examples"], "  "), "\n  ", "\n")))
		if flags := h.sections["Flags"]; flags != "" {
			b.WriteString("\n" + block(flags))
		}
	}
	return b.String()
}

func block(text string) string { return "```text\n" + text + "\n```\n" }
