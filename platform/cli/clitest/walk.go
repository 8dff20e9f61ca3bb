package clitest

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Kind says what a command does.
type Kind int

// The kinds, which may be joined by |.
const (
	Writes Kind = 1 << iota // files or rows: it has --dry-run, with which it changes nothing
	Prints                  // data: it has --json
	Runs                    // something else: tests, a server, a script for a shell
)

// Walk calls what for each command below root that does something, hidden ones too, by its words behind the program's name. A command that the
// table does not classify fails the test, and so do one that is in the table alone, and flags that do not fit the kind.
func Walk(t testing.TB, root *cobra.Command, table map[string]Kind, visit func(words string, kind Kind)) {
	t.Helper()
	seen := map[string]bool{}
	for _, cmd := range below(root) {
		words := strings.TrimPrefix(cmd.CommandPath(), root.Name()+" ")
		kind, known := table[words]
		seen[words] = true
		if !known {
			t.Errorf("say in the table of this test what %q does: write, print data, or run something", words)
			continue
		}
		for flag, want := range map[string]bool{"json": kind&Prints != 0, "dry-run": kind&Writes != 0} {
			if has := cmd.Flags().Lookup(flag) != nil; has != want {
				t.Errorf("%s: it has the flag --%s: %v, want %v", words, flag, has, want)
			}
		}
		visit(words, kind)
	}
	for words := range table {
		if !seen[words] {
			t.Errorf("there is no command %q", words)
		}
	}
}

func below(cmd *cobra.Command) (all []*cobra.Command) {
	for _, child := range cmd.Commands() {
		if child.HasSubCommands() {
			all = append(all, below(child)...)
		} else {
			all = append(all, child)
		}
	}
	return all
}

// CheckHelp fails the test unless the help of every command, and of the program, opens with examples that are commands, and has no line that is
// wider than 80 columns. Help returns what the program prints for these arguments.
func CheckHelp(t testing.TB, root *cobra.Command, help func(args ...string) string) {
	t.Helper()
	texts := map[string]string{"": help("--help"), "help all": help("help", "all")}
	for _, cmd := range everything(root) {
		words := strings.Fields(cmd.CommandPath())[1:]
		texts[strings.Join(words, " ")] = help(append(words, "--help")...)
	}
	for words, text := range texts {
		if !strings.HasPrefix(text, "Examples:\n  ") {
			t.Errorf("the help of %q opens with something else than examples:\n%s", words, text)
		}
		for _, line := range Wide(text, 80) {
			t.Errorf("the help of %q has a line wider than 80 columns: %s", words, line)
		}
		if _, behind, _ := strings.Cut(ReadHelp(text).sections["Usage"], "-- "); strings.Contains(behind, "[flags]") {
			t.Errorf("the help of %q has its flags behind --, where they are not read", words)
		}
		for line := range strings.Lines(text) {
			if strings.Contains(line, " # ") && strings.HasSuffix(line, " \\\n") {
				t.Errorf("the help of %q breaks an example within a comment, which cannot be pasted: %s", words, line)
			}
		}
		for _, example := range ReadHelp(text).Examples {
			checkExample(t, root, words, example)
		}
	}
	if n := len(ReadHelp(texts[""]).Commands()); n > 10 {
		t.Errorf("the help shows %d commands at first, want those of a normal week, ten at most", n)
	}
}

// everything returns the commands below one, hidden ones too, with those that only have others below them.
func everything(cmd *cobra.Command) (all []*cobra.Command) {
	for _, child := range cmd.Commands() {
		all = append(append(all, child), everything(child)...)
	}
	return all
}

// checkExample fails the test unless an example calls a command of the program with flags and arguments that it takes.
func checkExample(t testing.TB, root *cobra.Command, of, example string) {
	t.Helper()
	_, call, ok := strings.Cut(example, root.Name()+" ")
	if !ok {
		t.Errorf("the help of %q: the example %q calls something else", of, example)
		return
	}
	for _, end := range []string{" #", " -- ", ")", " >", " <"} { // of the call in a line for a shell
		call, _, _ = strings.Cut(call, end)
	}
	found, rest, err := root.Find(shellWords(call))
	if err != nil || found == root {
		t.Errorf("the help of %q: the example %q is no command: %v", of, example, err)
		return
	}
	if err := found.ParseFlags(rest); err != nil {
		t.Errorf("the help of %q: the example %q: %v", of, example, err)
	} else if err := found.ValidateArgs(found.Flags().Args()); err != nil {
		t.Errorf("the help of %q: the example %q: %v", of, example, err)
	}
}

// shellWords cuts a call as a shell does that knows double quotes and no more.
func shellWords(call string) (words []string) {
	for i, part := range strings.Split(call, `"`) {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

// Wide returns the lines of a text that are wider than so many columns.
func Wide(text string, columns int) []string {
	return slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return len([]rune(line)) <= columns })
}
