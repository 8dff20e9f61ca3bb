package suite

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/banyan-go/banyan/generator/project"
)

// note is a test that was left out, as platform/servertest writes it.
type note struct {
	Folder  string `json:"folder"`
	Test    string `json:"test"`
	Program string `json:"program"`
	Install string `json:"install"`
}

// leftOut is the tests that did not run, by package and name.
type leftOut []note

func readNotes(file string, p *project.Project) (leftOut, error) {
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var left leftOut
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var n note
		if err := json.Unmarshal(lines.Bytes(), &n); err != nil {
			return nil, fmt.Errorf("read what was left out: %w", err)
		}
		n.Folder = p.Relative(n.Folder)
		left = append(left, n)
	}
	slices.SortFunc(left, func(a, b note) int { return strings.Compare(a.Folder+" "+a.Test, b.Folder+" "+b.Test) })
	return slices.Compact(left), lines.Err()
}

// programs returns one note for each program.
func (l leftOut) programs() []note {
	var first []note
	for _, n := range l {
		if !slices.ContainsFunc(first, func(f note) bool { return f.Program == n.Program }) {
			first = append(first, n)
		}
	}
	return first
}

// packages returns the patterns of the packages.
func (l leftOut) packages() []string {
	var patterns []string
	for _, n := range l {
		patterns = append(patterns, "./"+n.Folder)
	}
	return slices.Compact(patterns)
}

// tell lists what was left out.
func tell(w io.Writer, p *project.Project, left leftOut) {
	fmt.Fprintf(w, "\nnot run, because a program is missing: %d\n", len(left))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, n := range left {
		install := n.Install
		if install == "" {
			install = "(as this system installs programs)"
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", n.Folder, n.Test, n.Program, install)
	}
	_ = t.Flush() // to a terminal
	fmt.Fprintf(w, "next:  %s test --servers install\n", banyan(p))
}

// banyan is how the command is called in a project.
func banyan(p *project.Project) string {
	if _, err := os.Stat(p.Path("cmd", "banyan")); err == nil { // the checkout of the framework itself
		return "go run ./cmd/banyan"
	}
	return "banyan"
}
