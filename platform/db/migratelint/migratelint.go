package migratelint

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// Finding is one thing that is unsafe.
type Finding struct {
	File   string // with slashes, below the folder of the migrations: "postgres/20261123101500_products.sql"
	Line   int    // from 1
	Rule   string // the ID of a Rule
	What   string
	Reason string
	Fix    string
}

func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %s: %s: %s; %s", f.File, f.Line, f.Rule, f.What, f.Reason, f.Fix)
}

// Check reads the migrations of a module, in the folders sqlite and postgres of files, and returns what is unsafe by file and line. The
// error is one of reading.
func Check(module string, files fs.FS) ([]Finding, error) {
	l := &linter{module: module, schemas: map[Dialect]*schema{}, files: map[Dialect][]*file{}}
	for _, d := range []Dialect{Postgres, SQLite} {
		if err := l.folder(d, files); err != nil {
			return nil, err
		}
	}
	l.parity()
	slices.SortStableFunc(l.findings, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.Rule, b.Rule))
	})
	return slices.Compact(l.findings), nil
}

// linter is one run over a module.
type linter struct {
	module   string
	schemas  map[Dialect]*schema
	files    map[Dialect][]*file
	broken   bool // a file cannot be read, so that what there is in the end is not known
	findings []Finding
}

// report notes a finding, unless one of the comments allows it.
func (l *linter) report(path string, line int, id, what string, comments []token) {
	for _, d := range directives(comments, "allow") {
		if name, reason, _ := strings.Cut(d.text, " "); name == id && strings.TrimSpace(reason) != "" {
			return
		}
	}
	r, _ := rule(id)
	l.findings = append(l.findings, Finding{File: path, Line: line, Rule: id, What: what, Reason: r.Reason, Fix: r.Fix})
}

// folder reads the files of a dialect in the order of their versions.
func (l *linter) folder(d Dialect, files fs.FS) error {
	l.schemas[d] = newSchema()
	entries, err := fs.ReadDir(files, string(d))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	last := ""
	for _, e := range entries { // sorted by name
		name := path.Join(string(d), e.Name())
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if e.IsDir() || !wellNamed(e.Name()) {
			l.report(name, 1, "file-name", "the name "+e.Name()+" is not <UTC time>_<name>.sql", nil)
			continue
		}
		version, _, _ := strings.Cut(e.Name(), "_")
		if version == last {
			l.report(name, 1, "version-twice", "another migration of the module has the time "+version, nil)
		}
		last = version
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		l.file(name, d, string(data))
	}
	return nil
}

// wellNamed reports whether a file is called as a migration.
func wellNamed(name string) bool {
	base, sql := strings.CutSuffix(name, ".sql")
	version, what, _ := strings.Cut(base, "_")
	_, err := time.Parse("20060102150405", version)
	return sql && err == nil && what != ""
}

// file judges one migration, and makes its changes in the schema.
func (l *linter) file(name string, d Dialect, text string) {
	f, err := parseFile(name, d, text)
	if syntax, ok := errors.AsType[*syntaxError](err); ok {
		l.broken = true
		l.report(name, syntax.line, "syntax", syntax.what, nil)
		return
	}
	l.files[d] = append(l.files[d], f)
	l.allows(f)
	if len(f.down) == 0 {
		l.report(name, max(f.downLine, 1), "missing-down", "there is no statement behind -- +goose Down", f.header)
	}
	up := newJudge(l, f, f.up)
	for i, s := range f.up {
		up.statement(i, s)
	}
	down := newJudge(l, f, f.down)
	for i, s := range f.down {
		down.undo(i, s)
	}
}

// allows refuses comments that would silence nothing.
func (l *linter) allows(f *file) {
	comments := slices.Clone(f.header)
	for _, s := range slices.Concat(f.up, f.down) {
		comments = append(comments, s.comments...)
	}
	for _, d := range directives(comments, "allow") {
		name, reason, _ := strings.Cut(d.text, " ")
		if _, known := rule(name); !known {
			l.report(f.path, d.line, "allow", fmt.Sprintf("banyan:allow names %q, which is no rule", name), nil)
		} else if strings.TrimSpace(reason) == "" {
			l.report(f.path, d.line, "allow", "banyan:allow "+name+" gives no reason", nil)
		}
	}
}
