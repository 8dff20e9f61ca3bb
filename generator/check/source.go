package check

import (
	"context"
	"errors"
	"go/scanner"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/banyan-go/banyan/generator"
	"github.com/banyan-go/banyan/generator/apply"
	"github.com/banyan-go/banyan/platform/archtest"
	"github.com/banyan-go/banyan/platform/db/migratelint"
)

// imports asks who imports whom.
func (c *checker) imports(context.Context) error {
	found, err := archtest.Find(c.project.Root)
	if syntax, ok := errors.AsType[scanner.ErrorList](err); ok {
		for _, e := range syntax {
			c.report("compile", c.project.Relative(e.Pos.Filename), e.Pos.Line, e.Msg)
		}
		return nil
	}
	for _, f := range found {
		c.findings = append(c.findings, Finding{
			Severity: Error, Area: Imports, Rule: f.Rule, File: f.File, Line: f.Line, What: f.What, Reason: f.Reason, Fix: f.Fix,
		})
	}
	return err
}

// migrations lints those of every module.
func (c *checker) migrations(context.Context) error {
	modules, err := c.project.Modules()
	if err != nil {
		return err
	}
	for _, m := range modules {
		dir := path.Join("modules", m, "migrations")
		if _, err := os.Stat(c.project.Path(dir)); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		found, err := migratelint.Check(m, os.DirFS(c.project.Path(dir)))
		if err != nil {
			return err
		}
		for _, f := range found {
			c.findings = append(c.findings, Finding{
				Severity: Error, Area: Migrations, Rule: f.Rule, File: path.Join(dir, f.File), Line: f.Line, What: f.What, Reason: f.Reason, Fix: f.Fix,
			})
		}
	}
	return nil
}

// wiring compares the derived files with what banyan sync would write. On the way everything is type-checked, tests included.
func (c *checker) wiring(ctx context.Context) error {
	plan, err := generator.Sync(ctx, c.project, c.progress)
	if broken, ok := errors.AsType[*apply.CheckError](err); ok {
		c.compile(broken.Output)
		return nil
	}
	if err != nil {
		return err
	}
	for _, change := range plan.Changes {
		c.stale = true
		listed := slices.ContainsFunc(c.findings, func(f Finding) bool { return f.Rule == archtest.RuleModuleList && f.File == change.Path })
		switch {
		case listed: // and told already
		case change.Old == nil:
			c.report("derived", change.Path, 1, "it is missing")
		default:
			c.report("derived", change.Path, firstDifference(change.Old, change.New), "it is not what the folders and files say")
		}
	}
	return nil
}

// firstDifference returns the number of the first line that is another one.
func firstDifference(a, b []byte) int {
	as, bs := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range min(len(as), len(bs)) {
		if as[i] != bs[i] {
			return i + 1
		}
	}
	return min(len(as), len(bs))
}

// compile turns what the go command and Wire have said into findings.
func (c *checker) compile(output string) {
	c.broken = true
	line := regexp.MustCompile(`^(?:wire: |vet: )?(\S+\.go):(\d+)(?::\d+)?: (.+)$`)
	placed := false
	for text := range strings.Lines(output) {
		m := line.FindStringSubmatch(strings.TrimRight(text, "\n"))
		if m == nil {
			continue
		}
		placed = true
		n, _ := strconv.Atoi(m[2]) // digits
		c.report("compile", c.project.Relative(strings.TrimPrefix(m[1], "./")), n, m[3])
	}
	if !placed {
		c.report("compile", "go.mod", 1, strings.Join(strings.Fields(output), " "))
	}
}
