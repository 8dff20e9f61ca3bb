// Package render fills templates in: in memory, formatted, and with the imports that are used.
package render

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"text/template"
)

// File is one file to write.
type File struct {
	Path string // relative to the project, with slashes
	Data []byte
	Mode fs.FileMode
}

// Tree renders every template below root; a Go file that would have nothing in it is none. Names replaces words in paths, data is what the
// templates see. Executable lists the output paths that get mode 0755; the others get 0644.
func Tree(templates fs.FS, root string, names *strings.Replacer, data any, executable ...string) ([]File, error) {
	var files []File
	err := fs.WalkDir(templates, root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		output, ok := strings.CutSuffix(name, ".tmpl")
		if !ok {
			return fmt.Errorf("template %s: the name does not end in .tmpl", name)
		}
		output = names.Replace(strings.TrimPrefix(output, root+"/"))
		text, err := fs.ReadFile(templates, name)
		if err != nil {
			return err
		}
		rendered, err := one(name, output, string(text), data)
		if err != nil {
			return err
		}
		if rendered == nil {
			return nil
		}
		if slices.ContainsFunc(files, func(f File) bool { return f.Path == output }) {
			return fmt.Errorf("template %s: another one gives %s as well", name, output)
		}
		f := File{Path: output, Data: rendered, Mode: 0o644}
		for _, e := range executable {
			if e == output {
				f.Mode = 0o755
			}
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("render: %w", err)
	}
	return files, nil
}

func one(name, output, text string, data any) ([]byte, error) {
	t, err := template.New(name).Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return nil, err
	}
	if path.Ext(output) != ".go" {
		return append([]byte{}, b.Bytes()...), nil
	}
	if len(bytes.TrimSpace(b.Bytes())) == 0 {
		return nil, nil
	}
	formatted, err := Go(output, b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("template %s gives Go that does not parse: %w", name, err)
	}
	return formatted, nil
}

// Go formats a file as gofmt does, after it has dropped the imports that nothing in it uses.
func Go(name string, src []byte) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, src, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	src = dropImports(fset, file, src)
	return format.Source(src)
}

// dropImports cuts the lines of imports that are not used. Templates import everything that they may need.
func dropImports(fset *token.FileSet, file *ast.File, src []byte) []byte {
	used := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok {
				used[x.Name] = true
			}
		}
		return true
	})
	var out []byte
	last := 0
	cut := func(n ast.Node) {
		from, to := lineOf(fset, n, src)
		out = append(out, src[last:from]...)
		last = to
	}
	for _, decl := range file.Decls {
		imports, ok := decl.(*ast.GenDecl)
		if !ok || imports.Tok != token.IMPORT {
			continue
		}
		unused := slices.DeleteFunc(slices.Clone(imports.Specs), func(s ast.Spec) bool { return isUsed(s.(*ast.ImportSpec), used) })
		if len(unused) == len(imports.Specs) {
			cut(imports)
			continue
		}
		for _, spec := range unused {
			cut(spec)
		}
	}
	return append(out, src[last:]...)
}

// isUsed reports whether a file that uses these names needs the import; a blank one it always needs.
func isUsed(spec *ast.ImportSpec, used map[string]bool) bool {
	name := importName(spec)
	return name == "_" || name == "." || used[name]
}

// importName is the name by which a file uses an import: the last element of the path that is not a version.
func importName(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	p, _ := strconv.Unquote(spec.Path.Value) // the parser has seen it
	base := path.Base(p)
	if len(base) > 1 && base[0] == 'v' && strings.Trim(base[1:], "0123456789") == "" {
		base = path.Base(path.Dir(p))
	}
	return base
}

func lineOf(fset *token.FileSet, n ast.Node, src []byte) (from, to int) {
	from, to = fset.Position(n.Pos()).Offset, fset.Position(n.End()).Offset
	from = bytes.LastIndexByte(src[:from], '\n') + 1
	if i := bytes.IndexByte(src[to:], '\n'); i >= 0 {
		to += i + 1
	} else {
		to = len(src)
	}
	return from, to
}

// Same reports whether two texts differ in the ends of their lines at most: a checkout with core.autocrlf has others than the templates.
func Same(a, b []byte) bool {
	unix := func(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }
	return bytes.Equal(unix(a), unix(b))
}
