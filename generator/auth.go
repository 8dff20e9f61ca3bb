package generator

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"strings"

	"github.com/banyan-go/banyan/generator/derive"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/resource"
)

// accountsModule is the module by which users sign in.
const accountsModule = "accounts"

// usualAuth is the way in of a resource of which nobody says it: Session where users can sign in. A module accounts that only lists people has
// nothing that tells whose a token is.
func usualAuth(p *project.Project) (resource.Auth, error) {
	disk := &derive.Disk{Project: p}
	files, err := disk.Files("modules/" + accountsModule + "/" + accountsModule + "wire")
	if err != nil {
		return "", err
	}
	for _, file := range files {
		if path.Ext(file) != ".go" || derive.Derived(file) {
			continue
		}
		src, err := disk.Read(file)
		if err != nil {
			return "", err
		}
		if verifies(file, src) {
			return resource.Session, nil
		}
	}
	return resource.Public, nil
}

// verifies reports whether a file has the method of module.Tokens. One that does not parse is taken by its text.
func verifies(file string, src []byte) bool {
	const method = "VerifyToken"
	f, err := parser.ParseFile(token.NewFileSet(), file, src, parser.SkipObjectResolution)
	if err != nil {
		return strings.Contains(string(src), method)
	}
	found := false
	ast.Inspect(f, func(n ast.Node) bool {
		if decl, ok := n.(*ast.FuncDecl); ok && decl.Recv != nil && decl.Name.Name == method {
			found = true
		}
		return !found
	})
	return found
}
