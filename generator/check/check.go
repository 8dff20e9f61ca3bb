// Package check looks for what is wrong with a project and can be seen without a running system: who imports whom, derived files, the
// configuration of each profile, routes that anybody may write to, migrations.
package check

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/banyan-go/banyan/generator/project"
)

// Severity says whether a finding has to be mended.
type Severity string

// The severities.
const (
	Error Severity = "error"
	Note  Severity = "note" // worth knowing, and no reason to stop
)

// Area is a part of a project; findings are shown by area, in this order.
type Area string

// The areas.
const (
	Imports       Area = "imports"
	Wiring        Area = "wiring"
	Build         Area = "build"
	Configuration Area = "configuration"
	Routes        Area = "routes"
	Migrations    Area = "migrations"
)

// Finding is one thing that was found.
type Finding struct {
	Severity Severity `json:"severity"`
	Area     Area     `json:"area"`
	Rule     string   `json:"rule"` // the ID of a Rule
	File     string   `json:"file"` // with slashes, relative to the root of the project
	Line     int      `json:"line"` // from 1
	What     string   `json:"what"`
	Reason   string   `json:"reason"`
	Fix      string   `json:"fix"`
}

// Run looks at everything and returns what it found, by area, errors first, by file and line. Nothing in the project is changed. Progress is told what takes
// long; it may be nil. The error says why something could not be looked at.
func Run(ctx context.Context, p *project.Project, progress func(string)) ([]Finding, error) {
	c := &checker{project: p, progress: progress}
	for _, look := range []func(context.Context) error{c.imports, c.migrations, c.wiring, c.program} {
		if err := look(ctx); err != nil {
			return nil, err
		}
	}
	order := []Area{Imports, Wiring, Build, Configuration, Routes, Migrations}
	slices.SortStableFunc(c.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Area), slices.Index(order, b.Area)), strings.Compare(string(a.Severity), string(b.Severity)),
			strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.Rule, b.Rule), strings.Compare(a.What, b.What))
	})
	return slices.Compact(c.findings), nil // base.yaml is read for every profile
}

// Problems counts the findings that have to be mended.
func Problems(findings []Finding) int {
	n := 0
	for _, f := range findings {
		if f.Severity == Error {
			n++
		}
	}
	return n
}

// checker is one run.
type checker struct {
	project  *project.Project
	progress func(string)
	findings []Finding
	stale    bool // derived files are not what they should be; with those that should be it compiles
	broken   bool // it does not compile
}

// report notes a finding with the reason and the fix of its rule.
func (c *checker) report(id, file string, line int, what string) {
	r := rule(id)
	c.findings = append(c.findings, Finding{
		Severity: r.Severity, Area: r.Area, Rule: r.ID, File: file, Line: max(line, 1), What: what, Reason: r.Reason, Fix: strings.ReplaceAll(r.Fix, "APP", c.project.App),
	})
}

func (c *checker) tell(line string) {
	if c.progress != nil {
		c.progress(line)
	}
}
