package generator

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/derive"
	"github.com/banyan-go/banyan/generator/field"
	"github.com/banyan-go/banyan/generator/name"
	"github.com/banyan-go/banyan/generator/render"
	"github.com/banyan-go/banyan/generator/resource"
)

// everyName are a module and three resources whose code uses every branch of the templates, under names that are in nothing else.
func everyName(t *testing.T) []render.File {
	t.Helper()
	var fields []string
	for _, typ := range field.Types() {
		param := map[field.Type]string{field.Decimal: "=5.2", field.Enum: "=zqa+zqb", field.Ref: "=zqtwo", field.XRef: "=zqfar.zqthing", field.Image: "=zqa.320"}[typ]
		if fields = append(fields, "zq_"+string(typ)+":"+string(typ)+param); !typ.Uploaded() { // which is null in any case
			fields = append(fields, "zqn_"+string(typ)+":"+string(typ)+param+":null")
		}
	}
	fields = append(fields, "zq_key:string:required,unique,max=40,filter,sort,search", "zq_hidden:string:hidden,null", "zq_min:string:min=3",
		"zq_self:ref=zqone:null", "zq_secret:string:secret", "zqn_secret:json:secret,null", "zq_pii:string:pii,match=e164")
	two := resource.Spec{Module: "zqmod", Name: "zqtwo", Fields: []string{"zq_on:bool"}}
	far := resource.Spec{Module: "zqfar", Name: "zqthing", Fields: []string{"zq_on:bool"}}
	one := resource.Spec{Module: "zqmod", Name: "zqone", Fields: fields, SoftDelete: true, RequireMatch: true, Auth: resource.Session, Cache: "90s"}
	files, err := resourceFiles("example.com/zqapp", one, true, two, far)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := resourceFiles("example.com/zqapp", two, false)
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, plain...)
	divided, err := resourceFiles("example.com/zqapp", resource.Spec{Module: "zqmod", Name: "zqthree", Fields: []string{"zq_by:string"}, ShardBy: "zq_by", Cache: "1m", Auth: resource.Public}, false)
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, divided...)
	open, err := resourceFiles("example.com/zqapp", resource.Spec{Module: "zqmod", Name: "zqfour", Fields: []string{"zq_on:bool", "zq_file:file"}, Auth: resource.Token, Read: resource.Public}, false)
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, open...)
	derived, err := derive.Files(tree(files), "example.com/zqapp")
	if err != nil {
		t.Fatal(err)
	}
	return append(files, derived...)
}

// tree is a project that consists of rendered files.
type tree []render.File

func (fs tree) Modules() ([]string, error) {
	var modules []string
	for _, f := range fs {
		if m := strings.Split(f.Path, "/")[1]; !slices.Contains(modules, m) {
			modules = append(modules, m)
		}
	}
	return modules, nil
}

func (fs tree) Files(dir string) ([]string, error) {
	var paths []string
	for _, f := range fs {
		if path.Dir(f.Path) == dir {
			paths = append(paths, f.Path)
		}
	}
	return paths, nil
}

func (fs tree) Read(file string) ([]byte, error) {
	for _, f := range fs {
		if f.Path == file {
			return f.Data, nil
		}
	}
	return nil, os.ErrNotExist
}

// A module or a resource gives its name to packages and variables. Where generated code has that name already, one of the two would hide the
// other.
func TestNamesOfGeneratedCodeAreReserved(t *testing.T) {
	t.Parallel()
	names := map[string]string{}
	for _, f := range everyName(t) {
		switch {
		case path.Ext(f.Path) != ".go":
		case strings.HasSuffix(f.Path, "_test.go") && !strings.Contains(f.Path, "/internal/"):
			wantNoNames(t, f) // so that tests of a module at its root may call their own things as they like: place, form, application
		default:
			collectNames(t, f, names)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(names)) {
		if name.CheckModule(n) == nil || name.CheckResource(n) == nil {
			t.Errorf("%s declares %s, and a module or a resource may be called that", names[n], n)
		}
	}
}

// wantNoNames fails the test where a file uses a package or a variable that is called like a module or a resource. A member of a struct may be.
func wantNoNames(t *testing.T, f render.File) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), f.Path, f.Data, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	wrong := func(n string) {
		if strings.Contains(n, "zq") && name.CheckModule(n) == nil {
			t.Errorf("%s uses %s, and its own types, functions and variables may be called that", f.Path, n)
		}
	}
	for _, spec := range file.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err != nil {
			t.Fatal(err)
		} else if spec.Name == nil {
			wrong(path.Base(p))
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok {
				wrong(x.Name)
			}
		}
		return true
	})
}

// collectNames adds, in lower case, the names that a file imports or declares in a package or a function and that do not stem from those of
// the module and the resource.
func collectNames(t *testing.T, f render.File, names map[string]string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), f.Path, f.Data, 0)
	if err != nil {
		t.Fatal(err)
	}
	add := func(ids ...*ast.Ident) {
		for _, id := range ids {
			n := strings.ToLower(id.Name)
			if id.IsExported() && !strings.HasSuffix(file.Name.Name, "wire") || n == "_" || len(n) == 1 || strings.Contains(n, "zq") {
				continue // in its wiring alone an exported name stands beside the resource's type; no name is one letter long
			}
			names[n] = f.Path
		}
	}
	for _, spec := range file.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		add(ast.NewIdent(path.Base(strings.TrimSuffix(p, "/v2"))))
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil {
				add(n.Name)
			} else {
				for _, r := range n.Recv.List {
					add(r.Names...)
				}
			}
		case *ast.FuncType:
			for _, list := range []*ast.FieldList{n.Params, n.Results, n.TypeParams} {
				if list == nil {
					continue
				}
				for _, p := range list.List {
					add(p.Names...)
				}
			}
		case *ast.TypeSpec:
			add(n.Name)
		case *ast.ValueSpec:
			add(n.Names...)
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				for _, l := range n.Lhs {
					add(l.(*ast.Ident)) //nolint:forcetypeassert // := declares nothing else
				}
			}
		case *ast.RangeStmt:
			for _, l := range []ast.Expr{n.Key, n.Value} {
				if id, ok := l.(*ast.Ident); ok && n.Tok == token.DEFINE {
					add(id)
				}
			}
		}
		return true
	})
}
