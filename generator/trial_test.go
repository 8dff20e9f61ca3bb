package generator

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	goimporter "go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/banyan-go/banyan/generator/apply"
	"github.com/banyan-go/banyan/generator/derive"
	"github.com/banyan-go/banyan/generator/field"
	"github.com/banyan-go/banyan/generator/grammartest"
	"github.com/banyan-go/banyan/generator/name"
	"github.com/banyan-go/banyan/generator/render"
	"github.com/banyan-go/banyan/generator/resource"
)

// TestTrial draws resources, half of them from a grammar that was written by itself and half broken. Each is refused with a reason and a
// proposal, or what it renders to type-checks, tests included. BANYAN_TRIES says how many (default 300), BANYAN_SEED which ones, BANYAN_SAMPLE how
// many of the valid ones are put into one application, built and tested (default 0).
func TestTrial(t *testing.T) {
	t.Parallel()
	tries, sample, seed := setting(t, "BANYAN_TRIES", 300), setting(t, "BANYAN_SAMPLE", 0), setting(t, "BANYAN_SEED", rand.Uint64()>>1)
	tr := &trial{t: t, exports: exports(t), refusals: map[string]int{}}
	tr.fixed()
	t.Logf("to see this again: BANYAN_TRIES=%d BANYAN_SAMPLE=%d BANYAN_SEED=%d go test -count=1 -v -run TestTrial ./generator", tries, sample, seed)
	draws := make(chan grammartest.Description)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			w := newWorker(tr)
			for d := range draws {
				w.try(d)
			}
		})
	}
	source := grammartest.New(seed)
	for i := range tries {
		if i%2 == 0 {
			draws <- source.Valid()
		} else {
			draws <- source.Any()
		}
	}
	close(draws)
	workers.Wait()
	tr.report()
	if sample > 0 && !t.Failed() {
		testSample(t, seed, int(sample))
	}
}

// setting reads a number from the environment.
func setting(t *testing.T, variable string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// trial is the result of all tries.
type trial struct {
	t       *testing.T
	exports map[string]string // where the compiled packages lie that generated code imports, by path

	mu                  sync.Mutex
	valid, taken        int // resources that the grammar takes, and how many of them were taken
	names, takenNames   int // the same of the names of modules and resources
	fields, takenFields int // the same of their fields
	broken, brokenTaken int // resources that were broken, and how many of them were taken all the same
	packages            int // that were type-checked
	refusals            map[string]int
}

// count is safe for concurrent use.
func (tr *trial) count(do func()) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	do()
}

// report says what came of it, and wants 95 of 100 to be taken that the grammar takes.
func (tr *trial) report() {
	percent := func(part, all int) float64 { return 100 * float64(part) / float64(max(all, 1)) }
	for _, c := range []struct {
		what       string
		all, taken int
	}{{"names", tr.names, tr.takenNames}, {"fields", tr.fields, tr.takenFields}, {"resources", tr.valid, tr.taken}} {
		tr.t.Logf("%d %s that the grammar takes, taken %d (%.1f %%)", c.all, c.what, c.taken, percent(c.taken, c.all))
		if c.what != "resources" && percent(c.taken, c.all) < 95 { // of which each has two names and a handful of fields
			tr.t.Errorf("of the %s fewer than 95 of 100 are taken", c.what)
		}
	}
	tr.t.Logf("%d broken resources, taken all the same %d; %d packages type-checked", tr.broken, tr.brokenTaken, tr.packages)
	for _, reason := range slices.Sorted(maps.Keys(tr.refusals)) {
		tr.t.Logf("refused, %d times: %s", tr.refusals[reason], reason)
	}
}

// fixed type-checks resources whose names are those that generated code has for its own things, in places where it would matter.
func (tr *trial) fixed() {
	const uploads, kept = "photo:image=thumb.320", "scan:file"
	w := newWorker(tr)
	for _, words := range [][]string{
		// The tests of a module.
		{"geo", "place", uploads, kept}, {"hr", "form", uploads, kept}, {"jobs", "application", uploads, kept}, {"shop", "boot", uploads, kept}, {"shop", "built", uploads, kept},
		{"application", "person", uploads}, {"place", "change", uploads}, {"form", "usecase", uploads}, {"second", "contract", uploads}, {"changes", "told", uploads}, {"boot", "built", uploads},
		// Beside a field of the same name.
		{"vault", "token", "token:string:secret", "token_2:password:null"}, {"vault", "pin", "pin:password", "shown:json:secret,null"},
	} {
		s := resource.Spec{Module: words[0], Name: words[1], Fields: words[2:], Cache: "1m", Migration: 20261123101500}
		if err := w.check(s, nil); err != nil {
			tr.t.Errorf("%q: %v", words, err)
		}
	}
}

// worker tries one description after the other. What it imports it reads once.
type worker struct {
	*trial
	fset    *token.FileSet
	library types.Importer
}

func newWorker(tr *trial) *worker {
	w := &worker{trial: tr, fset: token.NewFileSet()}
	w.library = goimporter.ForCompiler(w.fset, "gc", func(path string) (io.ReadCloser, error) {
		file, ok := tr.exports[path]
		if !ok {
			return nil, fmt.Errorf("%s is not among what generated code imports", path)
		}
		return os.Open(file)
	})
	return w
}

func spec(d grammartest.Description) resource.Spec {
	return resource.Spec{
		Module: d.Module, Name: d.Name, Fields: d.Fields, Index: d.Index, Unique: d.Unique, SoftDelete: d.SoftDelete, RequireMatch: d.RequireMatch, Auth: resource.Auth(d.Auth), Read: resource.Auth(d.Read), Cache: resource.TTL(d.Cache), Migration: 20261123101500,
	}
}

func (w *worker) try(d grammartest.Description) {
	s := spec(d)
	err := s.Check()
	w.count(func() {
		switch {
		case !d.Valid && err == nil:
			w.brokenTaken++
			fallthrough
		case !d.Valid:
			w.broken++
			return
		case err == nil:
			w.taken++
		}
		w.valid++
		w.names += 2
		for _, err := range []error{name.CheckModule(d.Module), name.CheckResource(d.Name)} {
			if err == nil {
				w.takenNames++
			}
		}
		w.fields += len(d.Fields)
		for _, f := range d.Fields {
			if _, err := field.Parse(f); err == nil {
				w.takenFields++
			}
		}
		for _, e := range lines(err) {
			w.refusals[e]++
		}
	})
	if err != nil {
		if problem := badRefusal(err); problem != "" {
			w.t.Errorf("%s: %s", d, problem)
		}
		return
	}
	others, possible := targets(s)
	if !possible {
		return
	}
	if err := w.check(s, others); err != nil {
		w.t.Errorf("%s: %v", d, err)
	}
}

// targets returns what a resource refers to; possible is false when there can be no such resources beside it.
func targets(s resource.Spec) (others []resource.Spec, possible bool) {
	for _, target := range s.Targets() {
		o := resource.Spec{Module: target[0], Name: target[1], Fields: []string{"label:string"}, Migration: 20261123101400}
		if o.Check() != nil {
			return nil, false
		}
		others = append(others, o)
	}
	return others, s.CheckBeside(others) == nil
}

func lines(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

// badRefusal says what a person misses in a refusal: one line for each reason, in plain text, and where it is about a name or a field, one that
// would be taken.
func badRefusal(err error) string {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range all.Unwrap() {
			if problem := badRefusal(e); problem != "" {
				return problem
			}
		}
		return ""
	}
	badName, badField := (*name.Error)(nil), (*field.Error)(nil)
	text := err.Error()
	switch {
	case len(text) > 400 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }):
		return fmt.Sprintf("not one line of plain text: %q", text)
	case errors.As(err, &badName):
		check := map[string]func(string) error{"module": name.CheckModule, "resource": name.CheckResource, "field": name.CheckField}[badName.What]
		if badName.Reason == "" || check(badName.Proposal) != nil {
			return "no reason, or no proposal that is taken: " + text
		}
	case errors.As(err, &badField):
		if _, err := field.Parse(badField.Proposal); badField.Reason == "" || err != nil {
			return "no reason, or no proposal that is taken: " + text
		}
	}
	return ""
}

// check renders a resource with its module, and type-checks every package of it with its tests. Of the injector the source stands in for what
// Wire makes of it.
func (w *worker) check(s resource.Spec, others []resource.Spec) error {
	const root = "example.com/app"
	files, err := resourceFiles(root, s, true, others...)
	if err != nil {
		return err
	}
	made := map[string]bool{s.Module: true}
	for _, o := range others {
		more, err := resourceFiles(root, o, !made[o.Module])
		if err != nil {
			return err
		}
		files, made[o.Module] = append(files, more...), true
	}
	derived, err := derive.Files(tree(files), root)
	if err != nil {
		return err
	}
	p := &packages{worker: w, root: root, folders: map[string][]*ast.File{}, done: map[string]*types.Package{}}
	for _, f := range append(files, derived...) {
		if path.Ext(f.Path) != ".go" {
			continue
		}
		file, err := parser.ParseFile(w.fset, f.Path, f.Data, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(f.Path)
		if strings.HasSuffix(file.Name.Name, "_test") {
			dir += "_test"
		}
		p.folders[dir] = append(p.folders[dir], file)
	}
	for dir := range p.folders {
		if _, err := p.Import(root + "/" + dir); err != nil {
			return err
		}
	}
	w.count(func() { w.packages += len(p.done) })
	return nil
}

// packages are those of one resource, by folder; the tests of another package stand in a folder of their own.
type packages struct {
	*worker
	root    string
	folders map[string][]*ast.File
	done    map[string]*types.Package
}

// Import is part of types.Importer.
func (p *packages) Import(importPath string) (*types.Package, error) {
	dir, ours := strings.CutPrefix(importPath, p.root+"/")
	if !ours {
		return p.library.Import(importPath)
	}
	if done := p.done[dir]; done != nil {
		return done, nil
	}
	pkg, err := (&types.Config{Importer: p}).Check(importPath, p.fset, p.folders[dir], nil)
	p.done[dir] = pkg
	return pkg, err
}

// exports returns where the build cache has the packages that generated code may import.
func exports(t *testing.T) map[string]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-export", "-f", "{{.ImportPath}} {{.Export}}", "./modules/...", "./platform/...")
	cmd.Dir = ".."
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &errs)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if importPath, file, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			files[importPath] = file
		}
	}
	return files
}

// testSample puts resources into one application and runs what its team would run.
func testSample(t *testing.T, seed uint64, n int) {
	p := newProject(t)
	source := grammartest.New(seed)
	var files []render.File
	taken := map[string][]resource.Spec{}
	for i := 0; i < n; {
		s := spec(source.Valid())
		var err error
		if s.Migration, err = freeVersion(p, s.Module, noon().Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
		if len(s.Targets()) > 0 || s.Check() != nil || s.CheckBeside(taken[s.Module]) != nil || slices.ContainsFunc(taken[s.Module], func(o resource.Spec) bool { return o.Name == s.Name }) {
			continue
		}
		more, err := resourceFiles(p.Module, s, taken[s.Module] == nil)
		if err != nil {
			t.Fatal(err)
		}
		files, i = append(files, more...), i+1
		taken[s.Module] = append(taken[s.Module], s)
	}
	plan, err := apply.Make(t.Context(), p, apply.Edit{Add: files}, nil)
	if err != nil {
		t.Fatal(err)
	}
	write(t, plan)
	out, err := goCommand(t, p, "test", "-vet=all", "./...")
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%d resources in %d modules of one application: built, and %d packages tested in %s", n, len(taken), strings.Count(out, "ok  \t"), filepath.Base(p.Root))
}
