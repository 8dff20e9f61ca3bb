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
	if known, err := knowsTokens(&derive.Disk{Project: p}, accountsModule); err != nil || !known {
		return resource.Public, err
	}
	return resource.Session, nil
}

// noTokens is what whoever generates a resource for programs should know where nothing says whose a token is: its tests bring somebody who does, and
// the application that has to have one does not start.
const noTokens = "nothing in this application knows whose a token is, and until something does no command of it starts: " +
	"write a part with the method VerifyToken, as \"Tokens of your own\" shows in docs/guide/access.md of the framework"

// withoutTokens returns that warning, or nothing where it is not true of what s wants.
func withoutTokens(p *project.Project, s resource.Spec) (warning string, err error) {
	if s.Auth != resource.Token {
		return "", nil
	}
	disk := &derive.Disk{Project: p}
	modules, err := disk.Modules()
	if err != nil {
		return "", err
	}
	for _, m := range modules {
		if known, err := knowsTokens(disk, m); err != nil || known {
			return "", err
		}
	}
	return noTokens, nil
}

// knowsTokens reports whether the wiring of a module has a part that says whose a token is.
func knowsTokens(disk *derive.Disk, module string) (bool, error) {
	files, err := disk.Files("modules/" + module + "/" + module + "wire")
	if err != nil {
		return false, err
	}
	for _, file := range files {
		if path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") || derive.Derived(file) {
			continue
		}
		src, err := disk.Read(file)
		if err != nil {
			return false, err
		}
		if verifies(file, src) {
			return true, nil
		}
	}
	return false, nil
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
