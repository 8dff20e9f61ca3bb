package archtest

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// SQL that is put together at run time is how a stranger's text becomes a statement. So in the code of modules the text of a statement is a
// constant, and values go into its placeholders.

// statementMethods are those of gorm that take a whole statement; clauseMethods take a part of one, or a struct or a map instead.
func statementMethods() []string { return []string{"Raw", "Exec"} }

func clauseMethods() []string {
	return []string{"Where", "Or", "Not", "Having", "Order", "Group", "Select", "Omit", "Joins", "Table", "Pluck", "Distinct"}
}

// allowedSQL is a comment on the line, or on the one above it, that says why a text has to be put together after all.
const allowedSQL = `^//\s*banyan:allow sql\s+\S`

// madeStatements finds SQL that is no constant, in all files of modules but tests.
func madeStatements(root string) (findings []Finding, err error) {
	folders := map[string][]*ast.File{} // constants are those of a package
	fset := token.NewFileSet()
	err = filepath.WalkDir(filepath.Join(root, "modules"), func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if e.IsDir() {
			return skip(path, filepath.ToSlash(rel))
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || !e.Type().IsRegular() || hidden(e.Name()) {
			return nil
		}
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folders[filepath.Dir(path)] = append(folders[filepath.Dir(path)], f)
		return nil
	})
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) { // no module yet
			return nil, nil
		}
		return nil, err
	}
	for _, files := range folders {
		for _, f := range files {
			findings = append(findings, (&statementReader{fset: fset, root: root, constants: constantsOf(files)}).read(f)...)
		}
	}
	slices.SortFunc(findings, func(a, b Finding) int { return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
	return findings, nil
}

// constantsOf returns the names of all constants of a package, those inside of functions too.
func constantsOf(files []*ast.File) map[string]bool {
	names := map[string]bool{}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			if d, ok := n.(*ast.GenDecl); ok && d.Tok == token.CONST {
				for _, spec := range d.Specs {
					for _, name := range spec.(*ast.ValueSpec).Names { //nolint:forcetypeassert // it is what a declaration of constants holds
						names[name.Name] = true
					}
				}
			}
			return true
		})
	}
	return names
}

// statementReader looks through one file.
type statementReader struct {
	fset      *token.FileSet
	root      string
	constants map[string]bool
	imports   map[string]bool // names that stand for packages
	allowed   map[int]bool    // lines
	texts     map[string]bool // parameters and variables of the function that hold text which was put together or handed in
}

func (r *statementReader) read(f *ast.File) (findings []Finding) {
	r.imports, r.allowed = map[string]bool{}, map[int]bool{}
	for _, spec := range f.Imports {
		name := strings.Trim(spec.Path.Value, `"`)
		name = name[strings.LastIndexByte(name, '/')+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		r.imports[name] = true
	}
	for _, group := range f.Comments {
		for _, c := range group.List {
			if regexp.MustCompile(allowedSQL).MatchString(c.Text) {
				line := r.fset.Position(c.Pos()).Line
				r.allowed[line], r.allowed[line+1] = true, true
			}
		}
	}
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		r.texts = r.textsOf(fn)
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				findings = append(findings, r.judge(call)...)
			}
			return true
		})
	}
	return findings
}

// textsOf returns the parameters of type string, and the variables that are given text which is put together.
func (r *statementReader) textsOf(fn *ast.FuncDecl) map[string]bool {
	texts := map[string]bool{}
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncType:
			for _, field := range n.Params.List {
				if t, ok := field.Type.(*ast.Ident); ok && t.Name == "string" {
					for _, name := range field.Names {
						texts[name.Name] = true
					}
				}
			}
		case *ast.AssignStmt:
			for i, to := range n.Lhs {
				name, ok := to.(*ast.Ident)
				if ok && i < len(n.Rhs) && !r.constant(n.Rhs[i]) && (n.Tok == token.ADD_ASSIGN || made(n.Rhs[i])) {
					texts[name.Name] = true
				}
			}
		}
		return true
	})
	return texts
}

// made reports whether an expression puts text together: by + with text in it, or by a function that does.
func made(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit, *ast.CompositeLit: // values of their own
			return false
		case *ast.CallExpr:
			s, _ := n.Fun.(*ast.SelectorExpr)
			if s == nil {
				break
			}
			p, _ := s.X.(*ast.Ident)
			found = found || p != nil && (p.Name == "fmt" && strings.HasPrefix(s.Sel.Name, "Sprint") || p.Name == "strings")
		case *ast.BinaryExpr:
			found = found || n.Op == token.ADD && (isText(n.X) || isText(n.Y))
		}
		return !found
	})
	return found
}

func isText(e ast.Expr) bool {
	lit, ok := e.(*ast.BasicLit)
	return ok && lit.Kind == token.STRING
}

// judge looks at one call.
func (r *statementReader) judge(call *ast.CallExpr) []Finding {
	s, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || len(call.Args) == 0 {
		return nil
	}
	if x, ok := s.X.(*ast.Ident); ok && r.imports[x.Name] { // a function of a package
		return nil
	}
	text := call.Args[0]
	whole := slices.Contains(statementMethods(), s.Sel.Name)
	switch {
	case whole && r.constant(text):
		return nil
	case !whole && (!slices.Contains(clauseMethods(), s.Sel.Name) || !r.suspect(text)):
		return nil
	}
	at := r.fset.Position(text.Pos())
	if r.allowed[at.Line] || r.allowed[r.fset.Position(s.Sel.Pos()).Line] {
		return nil
	}
	file, err := filepath.Rel(r.root, at.Filename)
	if err != nil {
		file = at.Filename
	}
	return []Finding{{
		Rule: RuleSQL, File: filepath.ToSlash(file), Line: at.Line, What: fmt.Sprintf("the SQL of %s is put together at run time", s.Sel.Name),
		Reason: "what a stranger has sent could become a part of it", Fix: "write a constant with ? for each value, choose among constants, or say in a comment above why it is safe: // banyan:allow sql WHY",
	}}
}

// constant reports whether an expression is a constant text.
func (r *statementReader) constant(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return e.Kind == token.STRING
	case *ast.Ident:
		return r.constants[e.Name] && !r.texts[e.Name]
	case *ast.SelectorExpr: // a constant of another package; a variable of one is what the linter is for
		x, ok := e.X.(*ast.Ident)
		return ok && r.imports[x.Name] && e.Sel.IsExported()
	case *ast.ParenExpr:
		return r.constant(e.X)
	case *ast.BinaryExpr:
		return e.Op == token.ADD && r.constant(e.X) && r.constant(e.Y)
	}
	return false
}

// suspect reports whether a part of a statement is text that was put together or handed in; a struct, a map or a condition is none.
func (r *statementReader) suspect(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return r.texts[e.Name]
	case *ast.ParenExpr:
		return r.suspect(e.X)
	case *ast.BinaryExpr:
		return e.Op == token.ADD && !r.constant(e)
	}
	return made(e)
}
