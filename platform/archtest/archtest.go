// Package archtest checks who imports whom: the walls between modules, between the layers of a module, and, in the framework itself, between
// the layers of the platform. It also wants the SQL of modules to be constant. It reads source and builds nothing, so it takes milliseconds and
// also sees files that a build tag hides.
package archtest

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// T is the part of *testing.T that Check needs; so this package does not bring testing into programs.
type T interface {
	Helper()
	Errorf(format string, args ...any)
}

// Check fails the test for each finding in the Go module whose go.mod is in root.
func Check(t T, root string) {
	t.Helper()
	findings, err := Find(root)
	if err != nil {
		t.Errorf("read the imports: %v", err)
	}
	for _, f := range findings {
		t.Errorf("%s", f)
	}
}

// The rules, by what a Finding calls them.
const (
	RuleImport          = "import"           // who may import whom
	RuleModuleCycle     = "module-cycle"     // modules call each other in no circle
	RuleCapabilityCycle = "capability-cycle" // capabilities of the platform import each other in no circle
	RuleModuleList      = "module-list"      // every module is in the list
	RuleSQL             = "sql"              // the SQL of modules is constant
)

// Finding is one import, or one cycle, that breaks a rule.
type Finding struct {
	Rule   string
	File   string // with slashes, relative to the root; of a cycle the file of its first import
	Line   int    // from 1
	What   string // "modules/shop/internal/order imports modules/catalog/internal/product"
	Reason string
	Fix    string
}

func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %s: %s; %s", f.File, f.Line, f.What, f.Reason, f.Fix)
}

// Find returns what breaks a rule in the Go module whose go.mod is in root, by file and line.
func Find(root string) ([]Finding, error) {
	module, err := modulePath(filepath.Join(root, "go.mod"))
	if err != nil {
		return nil, err
	}
	imports, err := readImports(root, module)
	if err != nil {
		return nil, err
	}
	var findings []Finding
	for _, i := range imports {
		if f, broken := judge(i); broken {
			findings = append(findings, f)
		}
	}
	findings = append(findings, cyclesOfModules(imports)...)
	findings = append(findings, cyclesOfCapabilities(imports)...)
	list, err := unlisted(root, imports)
	if err != nil {
		return append(findings, list...), err
	}
	statements, err := madeStatements(root)
	return slices.Concat(findings, list, statements), err
}

// modulePath reads the line `module` of a go.mod.
func modulePath(gomod string) (string, error) {
	data, err := os.ReadFile(gomod)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(data)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "module" { // a comment may follow
			return strings.Trim(words[1], "\"`"), nil
		}
	}
	return "", fmt.Errorf("%s names no module", gomod)
}

// edge is one import line.
type edge struct {
	file string
	line int
	test bool
	home bool   // the file is the framework's own
	from string // folder of the file, with slashes, relative to the root; "" is the root
	to   string // the import path; that of the module itself is cut off and marked by own
	own  bool   // to is in this module
}

// framework is the path of Banyan. In the framework itself the platform is a part of the module; an application imports it.
const framework = "github.com/banyan-go/banyan"

func readImports(root, module string) ([]edge, error) {
	var edges []edge
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if e.IsDir() {
			return skip(path, rel)
		}
		if !strings.HasSuffix(rel, ".go") || !e.Type().IsRegular() || hidden(e.Name()) {
			return nil
		}
		found, err := readFile(path, rel, module)
		edges = append(edges, found...)
		return err
	})
	slices.SortStableFunc(edges, func(a, b edge) int { return strings.Compare(a.file, b.file) })
	return edges, err
}

// skip leaves out what the go command leaves out: other modules, vendor, testdata, hidden folders.
func skip(path, rel string) error {
	if rel == "." {
		return nil
	}
	base := filepath.Base(path)
	if base == "vendor" || base == "testdata" || base == "node_modules" || hidden(base) {
		return filepath.SkipDir
	}
	if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
		return filepath.SkipDir
	}
	return nil
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") }

func readFile(path, rel, module string) ([]edge, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, path, nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	from := ""
	if i := strings.LastIndexByte(rel, '/'); i >= 0 {
		from = rel[:i]
	}
	var edges []edge
	for _, spec := range f.Imports {
		to, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		e := edge{file: rel, line: fset.Position(spec.Pos()).Line, test: strings.HasSuffix(rel, "_test.go"), home: module == framework, from: from, to: to}
		if rest, ok := strings.CutPrefix(to, module+"/"); ok {
			e.to, e.own = rest, true
		}
		// Seen from the rules, the platform is in the same place for everybody.
		if rest, ok := strings.CutPrefix(to, framework+"/"); ok {
			e.to, e.own = rest, true
		}
		edges = append(edges, e)
	}
	return edges, nil
}

// standard reports whether an import path belongs to Go's standard library.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}
