// Package derive writes what follows from the folders and files of a project: the list of modules, and the wiring of each module. It reads
// no derived file, so that a merge that spoilt one cannot spoil the next.
package derive

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/banyan-go/banyan/generator/name"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/render"
)

// Platform is the import path of the platform.
const Platform = "github.com/banyan-go/banyan/platform"

// Reader reads a file of the project by its slash-separated path; it is how files that are not written yet take part.
type Reader interface {
	// Modules returns the names of the modules in order.
	Modules() ([]string, error)
	// Files returns the paths of the files in a folder.
	Files(dir string) ([]string, error)
	// Read returns a file's content.
	Read(path string) ([]byte, error)
}

// part is one piece of a module: a file of its wiring.
type part struct {
	Key    string  // "product", the file's name: the section of its settings
	Type   string  // "Product"
	Set    string  // "productSet"
	Config bool    // it declares ProductConfig
	Needs  bool    // it declares ProductNeeds
	Offers []offer // the exported fields of its type, which other modules may ask for
	Asks   []ask   // the fields of its Needs
}

// Files returns the derived files of a project.
func Files(r Reader, goModule string) ([]render.File, error) {
	modules, err := r.Modules()
	if err != nil {
		return nil, err
	}
	all, err := readModules(r, goModule, modules)
	if err != nil {
		return nil, err
	}
	var files []render.File
	for _, m := range modules {
		f, err := moduleFile(goModule, m, all[m])
		if err != nil {
			return nil, err
		}
		files = append(files, f)
		tested, err := r.Files(path.Join("modules", m))
		if err != nil {
			return nil, err
		}
		if !slices.Contains(tested, path.Join("modules", m, m+"_test.go")) {
			continue
		}
		if f, err = testFile(goModule, m, all); err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	list, err := listFile(goModule, modules)
	return append(files, list), err
}

var (
	setLine    = regexp.MustCompile(`(?m)^var ([a-z][A-Za-z0-9]*Set)\b`)
	typeLine   = regexp.MustCompile(`(?m)^type ([A-Z][A-Za-z0-9]*)\b`)
	systemFile = regexp.MustCompile(`_(test|gen)\.go$`)
)

// readModules finds the parts of all modules.
func readModules(r Reader, goModule string, modules []string) (map[string][]part, error) {
	all := map[string][]part{}
	for _, m := range modules {
		parts, err := readParts(r, goModule, m)
		if err != nil {
			return nil, err
		}
		all[m] = parts
	}
	return all, nil
}

// readParts finds the parts of a module: the files of its wiring that declare `var <x>Set`.
func readParts(r Reader, goModule, module string) ([]part, error) {
	dir := path.Join("modules", module, module+"wire")
	names, err := r.Files(dir)
	if err != nil {
		return nil, err
	}
	var parts []part
	for _, file := range names {
		base := path.Base(file)
		if path.Ext(base) != ".go" || systemFile.MatchString(base) || slices.Contains([]string{"module.go", "config.go", "wire.go", "doc.go"}, base) {
			continue
		}
		src, err := r.Read(file)
		if err != nil {
			return nil, err
		}
		if p, ok := readPart(goModule, file, src); ok {
			parts = append(parts, p)
		}
	}
	slices.SortFunc(parts, func(a, b part) int { return strings.Compare(a.Type, b.Type) })
	return parts, nil
}

// declared is what a file of a wiring declares, as far as parts are concerned.
type declared struct {
	sets  []string
	types map[string]*ast.TypeSpec // by name; the declarations are nil where the file does not parse
	// contracts are the modules whose contracts the file imports, by the names that it has for them.
	contracts map[string]string
}

// readPart reads one file of a wiring.
func readPart(goModule, file string, src []byte) (part, bool) {
	d := declarations(goModule, file, src)
	if len(d.sets) == 0 {
		return part{}, false
	}
	p := part{Key: strings.TrimSuffix(path.Base(file), ".go"), Set: d.sets[0]}
	for _, set := range d.sets {
		if strings.EqualFold(set, strings.ReplaceAll(p.Key, "_", "")+"Set") { // rather than one that the part is made of
			p.Set = set
		}
	}
	p.Type = d.typeOf(strings.TrimSuffix(p.Set, "Set"))
	_, p.Config = d.types[p.Type+"Config"]
	_, p.Needs = d.types[p.Type+"Needs"]
	for _, f := range fields(d.types[p.Type]) {
		p.Offers = append(p.Offers, offer{f.name, d.contract(f.typ)})
	}
	for _, f := range fields(d.types[p.Type+"Needs"]) {
		p.Asks = append(p.Asks, ask{f.name, d.contract(f.typ)})
	}
	return p, true
}

// declarations reads a file. Where it does not parse, the lines that begin a declaration are enough to know of the part.
func declarations(goModule, file string, src []byte) declared {
	d := declared{types: map[string]*ast.TypeSpec{}, contracts: map[string]string{}}
	f, err := parser.ParseFile(token.NewFileSet(), file, src, parser.SkipObjectResolution)
	if err != nil {
		for _, m := range setLine.FindAllSubmatch(src, -1) {
			d.sets = append(d.sets, string(m[1]))
		}
		for _, m := range typeLine.FindAllSubmatch(src, -1) {
			d.types[string(m[1])] = nil
		}
		return d
	}
	for _, imp := range f.Imports {
		if m, ok := strings.CutPrefix(strings.Trim(imp.Path.Value, `"`), goModule+"/modules/"); ok && !strings.Contains(m, "/") {
			called := m
			if imp.Name != nil {
				called = imp.Name.Name
			}
			d.contracts[called] = m
		}
	}
	for _, decl := range f.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range gen.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				d.types[s.Name.Name] = s
			case *ast.ValueSpec:
				if x, ok := strings.CutSuffix(s.Names[0].Name, "Set"); ok && gen.Tok == token.VAR && x != "" && len(s.Names) == 1 {
					d.sets = append(d.sets, s.Names[0].Name)
				}
			}
		}
	}
	return d
}

// typeOf finds the type of a part: the name of its set in another case, which initialisms make hard to guess.
func (d declared) typeOf(set string) string {
	for t := range d.types {
		if strings.EqualFold(t, set) && t != set {
			return t
		}
	}
	return upper(set)
}

func upper(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

var blamed = regexp.MustCompile(`(?m)^(?:vet: )?\S*_gen(?:_test)?\.go:\d+:\d+: `)

// Stale reports whether the output of a compiler blames a derived file: then what it follows from has changed since, and sync writes it anew.
func Stale(output string) bool { return blamed.MatchString(output) }

// Derived reports whether a path is that of a derived file, or of an injector that Wire has written.
func Derived(file string) bool {
	return strings.HasSuffix(file, "_gen.go") || strings.HasSuffix(file, "_gen_test.go")
}

const header = "// Code generated by banyan sync. DO NOT EDIT.\n\n"

// writer collects lines of Go.
type writer struct{ bytes.Buffer }

func (w *writer) line(format string, args ...any) {
	fmt.Fprintf(w, format+"\n", args...)
}

func (w *writer) file(path string) (render.File, error) {
	src, err := render.Go(path, w.Bytes())
	if err != nil {
		return render.File{}, fmt.Errorf("derive %s: %w", path, err)
	}
	return render.File{Path: path, Data: src, Mode: 0o644}, nil
}

// moduleFile is <m>wire/<m>_gen.go: what a module consists of.
func moduleFile(goModule, module string, parts []part) (render.File, error) {
	w := &writer{}
	w.WriteString(header)
	w.line("// Package %swire puts the module %s together.\npackage %swire\n", module, module, module)
	w.line("import (\n\"io/fs\"\n\n\"github.com/google/wire\"\n")
	w.line("%q\n%q\n%q\n)\n", goModule+"/modules/"+module+"/migrations", Platform+"/db", Platform+"/module")
	w.line("// Config is the section `modules.%s`.\ntype Config struct {", module)
	for _, p := range parts {
		if p.Config {
			w.line("%s %sConfig `config:%q`", p.Type, p.Type, p.Key)
		}
	}
	w.line("}\n\n// Default returns the built-in settings of the module.\nfunc Default() Config {\nreturn Config{")
	for _, p := range parts {
		if p.Config {
			w.line("%s: default%s(),", p.Type, p.Type)
		}
	}
	w.line("}\n}\n\n// Needs is what the module asks of other modules.\ntype Needs struct {")
	for _, p := range parts {
		if p.Needs {
			w.line("%s %sNeeds", p.Type, p.Type)
		}
	}
	w.line("}\n")
	needs(w, module, parts)
	w.line("// Module is the module %s.\ntype Module struct {", module)
	for _, p := range parts {
		w.line("%s *%s", p.Type, p.Type)
	}
	w.line("}\n\nvar _ module.Module = (*Module)(nil)\n")
	sets(w, parts)
	w.line("func handle(d *db.DB) *db.Handle { return d.ForModule(%q) }\n", module)
	w.line("// Name returns %q.\nfunc (*Module) Name() string { return %q }\n", module, module)
	w.line("// Migrations returns the changes of the module's tables.\nfunc (*Module) Migrations() fs.FS { return migrations.Files }\n")
	w.line("// Parts returns the parts of the module in the order of their names.\nfunc (m *Module) Parts() []module.Part {\nreturn []module.Part{")
	for _, p := range parts {
		w.line("m.%s,", p.Type)
	}
	w.line("}\n}")
	return w.file(path.Join("modules", module, module+"wire", module+"_gen.go"))
}

func needy(p part) bool { return p.Needs }

// needs writes how New looks whether its needs are there. Wire fills them in the application; a test that fills them by hand forgets one,
// and would learn of it by a nil pointer inside a request.
func needs(w *writer, module string, parts []part) {
	if !slices.ContainsFunc(parts, needy) {
		return
	}
	w.line("// checkedNeeds is Needs with nothing missing.\ntype checkedNeeds Needs\n")
	w.line("func checkNeeds(n Needs) (checkedNeeds, error) { return checkedNeeds(n), module.CheckNeeds(%q, n) }\n", module)
}

// sets writes what Wire needs: the set for the application, and the set for the module's own injector.
func sets(w *writer, parts []part) {
	w.line("// Set builds the module and offers what other modules may ask of it.\nvar Set = wire.NewSet(\nNew,\nwire.Struct(new(Needs), \"*\"),")
	var types []string
	for _, p := range parts {
		types = append(types, fmt.Sprintf("%q", p.Type))
		if p.Needs {
			w.line("wire.Struct(new(%sNeeds), \"*\"),", p.Type)
		}
	}
	if len(types) > 0 {
		w.line("wire.FieldsOf(new(*Module), %s),", strings.Join(types, ", "))
	}
	for _, p := range parts {
		for _, o := range p.Offers {
			w.line("wire.FieldsOf(new(*%s), %q),", p.Type, o.name)
		}
	}
	w.line(")\n\n// inside is what New puts together.\nvar inside = wire.NewSet(\nmodule.PlatformSet,\nhandle,\nwire.Struct(new(Module), \"*\"),")
	if slices.ContainsFunc(parts, needy) { // Wire wants every provider used
		w.line("checkNeeds,")
	}
	for _, p := range parts {
		w.line("%s,", p.Set)
		if p.Config {
			w.line("wire.FieldsOf(new(Config), %q),", p.Type)
		}
		if p.Needs {
			w.line("wire.FieldsOf(new(checkedNeeds), %q),", p.Type)
		}
	}
	w.line(")\n")
}

// listFile is modules/modules_gen.go: the modules of the application. Its List has a parameter for each, so that Wire cannot leave one out.
func listFile(goModule string, modules []string) (render.File, error) {
	w := &writer{}
	w.WriteString(header)
	w.line("// Package modules is the list of feature modules, derived from the folders here.\npackage modules\n")
	w.line("import (\n\"github.com/google/wire\"\n")
	for _, m := range modules {
		w.line("%q", goModule+"/modules/"+m+"/"+m+"wire")
	}
	w.line("%q\n)\n", Platform+"/module")
	w.line("// Config is the section `modules`.\ntype Config struct {")
	for _, m := range modules {
		w.line("%s %swire.Config `config:%q`", name.New(m).Pascal, m, m)
	}
	w.line("}\n\n// Default returns the built-in settings of all modules.\nfunc Default() Config {\nreturn Config{")
	for _, m := range modules {
		w.line("%s: %swire.Default(),", name.New(m).Pascal, m)
	}
	w.line("}\n}\n\n// Set builds every module and lists them.\nvar Set = wire.NewSet(\nList,")
	if len(modules) > 0 {
		var fields []string
		for _, m := range modules {
			fields = append(fields, fmt.Sprintf("%q", name.New(m).Pascal))
		}
		w.line("wire.FieldsOf(new(Config), %s),", strings.Join(fields, ", "))
	}
	params := []string{"_ Config"}
	for _, m := range modules {
		w.line("%swire.Set,", m)
		params = append(params, m+"Module *"+m+"wire.Module")
	}
	w.line(")\n\n// List returns the modules in the order of their names. Wire wants every input used, so it takes the Config that it has no use for.\nfunc List(%s) []module.Module {\nreturn []module.Module{", strings.Join(params, ", "))
	for _, m := range modules {
		w.line("%sModule,", m)
	}
	w.line("}\n}")
	return w.file("modules/modules_gen.go")
}

// Disk is the Reader of a project as it is, with files on top that are not written yet.
type Disk struct {
	Project *project.Project
	Planned map[string][]byte // by slash-separated path
	Removed []string          // files that are as good as gone
}

var _ Reader = (*Disk)(nil)

// Modules is part of Reader.
func (d *Disk) Modules() ([]string, error) {
	names, err := d.Project.Modules()
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(m string) bool {
		files, err := d.Files(path.Join("modules", m, m+"wire"))
		return err == nil && len(files) == 0
	})
	for p := range d.Planned {
		elem := strings.Split(p, "/")
		if len(elem) > 3 && elem[0] == "modules" && elem[2] == elem[1]+"wire" && !slices.Contains(names, elem[1]) {
			names = append(names, elem[1])
		}
	}
	slices.Sort(names)
	return names, nil
}

// Files is part of Reader.
func (d *Disk) Files(dir string) ([]string, error) {
	var files []string
	entries, err := os.ReadDir(d.Project.Path(filepath.FromSlash(dir)))
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	for _, e := range entries {
		if file := path.Join(dir, e.Name()); !e.IsDir() && !slices.Contains(d.Removed, file) {
			files = append(files, file)
		}
	}
	for p := range d.Planned {
		if path.Dir(p) == dir && !slices.Contains(files, p) {
			files = append(files, p)
		}
	}
	slices.Sort(files)
	return files, nil
}

// Read is part of Reader.
func (d *Disk) Read(p string) ([]byte, error) {
	if data, ok := d.Planned[p]; ok {
		return data, nil
	}
	return os.ReadFile(d.Project.Path(filepath.FromSlash(p)))
}
