package generator

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/banyan-go/banyan/generator/derive"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/render"
)

// The driver for images, as drivers.go lists it.
const (
	imageDriver  = `Images: images.Drivers{"webp": webp.Driver{}}`
	imageImports = "\n\t\"" + derive.Platform + "/images\"\n\t\"" + derive.Platform + "/images/webp\""
)

// withImageDriver returns drivers.go of the program with the driver for images, nothing where it has one. It is in no program that needs none. The
// warning says what to write where the file is not as it was generated.
func withImageDriver(p *project.Project) (edited []render.File, warning string, err error) {
	file := path.Join(strings.TrimPrefix(p.Main(), "./"), "drivers.go")
	warning = fmt.Sprintf("%s lists no drivers as it was generated: add %s, without which the program does not start", file, imageDriver)
	src, err := os.ReadFile(p.Path(filepath.FromSlash(file)))
	if errors.Is(err, os.ErrNotExist) {
		return nil, warning, nil
	}
	if err != nil {
		return nil, "", err
	}
	list, imports, listed := driverList(file, src)
	switch {
	case listed:
		return nil, "", nil
	case list == 0:
		return nil, warning, nil
	}
	var b bytes.Buffer
	b.Write(src[:imports])
	b.WriteString(imageImports)
	b.Write(src[imports:list])
	b.WriteString(imageDriver + ",\n")
	b.Write(src[list:])
	formatted, err := render.Go(file, b.Bytes())
	if err != nil {
		return nil, warning, nil
	}
	return []render.File{{Path: file, Data: formatted, Mode: 0o644}}, "", nil
}

// driverList returns where in a file a driver can be added, and where its imports; 0 for nowhere. Listed says that there is one for images.
func driverList(file string, src []byte) (list, imports int, listed bool) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, src, parser.SkipObjectResolution)
	if err != nil {
		return 0, 0, false
	}
	offset := func(p token.Pos) int { return fset.Position(p).Offset }
	for _, imp := range f.Imports {
		if imp.Path.Value == strconv.Quote(derive.Platform+"/app") && imp.Name == nil {
			imports = offset(imp.End())
		}
	}
	if imports == 0 {
		return 0, 0, false
	}
	ast.Inspect(f, func(n ast.Node) bool {
		lit, ok := n.(*ast.CompositeLit)
		if !ok || !isSelector(lit.Type, "app", "Drivers") || len(lit.Elts) == 0 {
			return true
		}
		for _, e := range lit.Elts {
			kv, ok := e.(*ast.KeyValueExpr)
			listed = listed || ok && isIdent(kv.Key, "Images")
		}
		if last := lit.Elts[len(lit.Elts)-1]; fset.Position(last.End()).Line < fset.Position(lit.Rbrace).Line { // a comma stands behind it
			list = offset(lit.Rbrace)
		}
		return true
	})
	return list, imports, listed
}

func isIdent(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

func isSelector(e ast.Expr, x, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	return ok && isIdent(s.X, x) && s.Sel.Name == name
}
