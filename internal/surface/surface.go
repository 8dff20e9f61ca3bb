// Package surface writes down what packages export, one line for each identifier, and says what a change of it does to those who use it. The
// text is the same with every version of Go, and a reviewer can read its difference.
package surface

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Package is one package with what its documentation calls deprecated: the names of identifiers, and TYPE.MEMBER of methods and fields.
type Package struct {
	Types      *types.Package
	Deprecated map[string]bool
}

// Load compiles the packages that the patterns name, in a folder of a module, and reads their types from what the compiler has written.
func Load(ctx context.Context, dir string, patterns ...string) ([]Package, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-export", "-deps", "-json=ImportPath,Dir,GoFiles,Export,DepOnly"}, patterns...)...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			err = fmt.Errorf("%w\n%s", err, exit.Stderr)
		}
		return nil, fmt.Errorf("list %s: %w", strings.Join(patterns, " "), err)
	}
	type listed struct {
		ImportPath, Dir, Export string
		GoFiles                 []string
		DepOnly                 bool
	}
	exports, wanted := map[string]string{}, []listed{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var l listed
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("read what go list says: %w", err)
		}
		exports[l.ImportPath] = l.Export
		if !l.DepOnly {
			wanted = append(wanted, l)
		}
	}
	imports := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	var all []Package
	for _, l := range wanted {
		pkg, err := imports.Import(l.ImportPath)
		if err != nil {
			return nil, fmt.Errorf("import %s: %w", l.ImportPath, err)
		}
		gone, err := deprecated(l.Dir, l.GoFiles)
		if err != nil {
			return nil, err
		}
		all = append(all, Package{Types: pkg, Deprecated: gone})
	}
	return all, nil
}

// deprecated finds the paragraphs "Deprecated: ..." in the documentation of a package's identifiers.
func deprecated(dir string, files []string) (map[string]bool, error) {
	found := marks{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("read the documentation: %w", err)
		}
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				found.note(receiver(d)+d.Name.Name, d.Doc)
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					found.spec(spec, d.Doc)
				}
			}
		}
	}
	return found, nil
}

// marks are the names that are deprecated.
type marks map[string]bool

func (m marks) note(name string, docs ...*ast.CommentGroup) {
	for _, doc := range docs {
		for paragraph := range strings.SplitSeq(doc.Text(), "\n\n") {
			if strings.HasPrefix(paragraph, "Deprecated: ") {
				m[name] = true
			}
		}
	}
}

// spec notes what one constant, variable or type says, or the group that it stands in.
func (m marks) spec(spec ast.Spec, group *ast.CommentGroup) {
	switch s := spec.(type) {
	case *ast.ValueSpec:
		for _, n := range s.Names {
			m.note(n.Name, group, s.Doc)
		}
	case *ast.TypeSpec:
		m.note(s.Name.Name, group, s.Doc)
		body, ok := s.Type.(*ast.StructType)
		if !ok {
			return
		}
		for _, f := range body.Fields.List {
			for _, n := range f.Names {
				m.note(s.Name.Name+"."+n.Name, f.Doc)
			}
		}
	}
}

// receiver returns the name of a method's type with a dot, "" for a function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	name := ""
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name
		}
		return name == ""
	})
	return name + "."
}

// Text returns the lines of packages, sorted: "PACKAGE.NAME what it is", and "PACKAGE.TYPE.NAME ..." for fields and methods. The paths of packages
// below prefix are written without it. Names of parameters are left out, since nobody depends on them.
func Text(prefix string, packages []Package) []string {
	var lines []string
	for _, p := range packages {
		w := &writer{prefix: prefix, pkg: p.Types}
		add := func(name, what string) {
			if p.Deprecated[name] {
				what += deprecatedMark
			}
			lines = append(lines, strings.TrimPrefix(p.Types.Path(), prefix)+"."+name+" "+what)
		}
		scope := p.Types.Scope()
		for _, name := range scope.Names() {
			if obj := scope.Lookup(name); obj.Exported() {
				w.object(obj, add)
			}
		}
	}
	slices.Sort(lines)
	return lines
}

const deprecatedMark = " //deprecated"
