package derive

import (
	"go/ast"
	"path"
	"slices"

	"github.com/banyan-go/banyan/generator/render"
)

// contract is a type in the contract of a module; the zero value is any other type.
type contract struct{ module, name string }

// offer is what a part offers to other modules, by the name of its field.
type offer struct {
	name string
	contract
}

// ask is what a part asks of other modules, by the name of its field.
type ask struct {
	name string
	contract
}

// structField is an exported field of a struct.
type structField struct {
	name string
	typ  ast.Expr
}

// fields returns the exported fields of a struct; of what is none, or did not parse, there are none.
func fields(t *ast.TypeSpec) []structField {
	if t == nil {
		return nil
	}
	s, ok := t.Type.(*ast.StructType)
	if !ok {
		return nil
	}
	var list []structField
	for _, f := range s.Fields.List {
		for _, n := range f.Names {
			if n.IsExported() {
				list = append(list, structField{n.Name, f.Type})
			}
		}
	}
	return list
}

// contract returns the type in a contract that an expression names.
func (d declared) contract(e ast.Expr) contract {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return contract{}
	}
	x, ok := s.X.(*ast.Ident)
	if !ok || d.contracts[x.Name] == "" {
		return contract{}
	}
	return contract{d.contracts[x.Name], s.Sel.Name}
}

// offered returns the part and its field that offer a type of a contract.
func offered(all map[string][]part, c contract) (p part, field string, ok bool) {
	for _, p := range all[c.module] {
		for _, o := range p.Offers {
			if o.contract == c {
				return p, o.name, true
			}
		}
	}
	return part{}, "", false
}

// Calls returns which modules ask which others, as far as their wiring says it.
func Calls(r Reader, goModule string) (map[string][]string, error) {
	modules, err := r.Modules()
	if err != nil {
		return nil, err
	}
	all, err := readModules(r, goModule, modules)
	if err != nil {
		return nil, err
	}
	calls := map[string][]string{}
	for _, m := range modules {
		calls[m] = asked(all, m)
	}
	return calls, nil
}

// asked returns the modules that a module asks, each once.
func asked(all map[string][]part, module string) []string {
	var list []string
	for _, p := range all[module] {
		for _, a := range p.Asks {
			if _, _, ok := offered(all, a.contract); ok && a.module != module && !slices.Contains(list, a.module) {
				list = append(list, a.module)
			}
		}
	}
	return list
}

// testFile is <m>_gen_test.go: how tests of a module build it and those that it asks.
func testFile(goModule, module string, all map[string][]part) (render.File, error) {
	order := neighbours(all, module, nil)
	w := &writer{}
	w.WriteString(header)
	w.line("package %s_test\n\nimport (", module)
	for _, m := range order {
		w.line("%q", goModule+"/modules/"+m+"/"+m+"wire")
	}
	w.line("%q\n%q\n)\n", Platform+"/apptest", Platform+"/module")
	w.line("// built is the module, and those that it asks, as a test has them.\ntype built struct {\nmodule *%swire.Module", module)
	for _, m := range order[:len(order)-1] {
		w.line("%s *%swire.Module", m, m)
	}
	w.line("}\n\n// builders build them, what is asked first.\nfunc (b *built) builders() []apptest.Builder {\nreturn []apptest.Builder{")
	for _, m := range order {
		field := m
		if m == module {
			field = "module"
		}
		w.line("func(p module.Platform) (_ module.Module, err error) {\nb.%s, err = %swire.New(p, %swire.Default(), %swire.Needs{", field, m, m, m)
		for _, p := range all[m] {
			if !p.Needs {
				continue
			}
			w.line("%s: %swire.%sNeeds{", p.Type, m, p.Type)
			for _, a := range p.Asks {
				if from, name, ok := offered(all, a.contract); ok && a.module != m && slices.Contains(order, a.module) {
					w.line("%s: b.%s.%s.%s,", a.name, a.module, from.Type, name)
				}
			}
			w.line("},")
		}
		w.line("})\nreturn b.%s, err\n},", field)
	}
	w.line("}\n}")
	return w.file(path.Join("modules", module, module+"_gen_test.go"))
}

// neighbours returns a module behind those that it asks, directly or through others. A circle is cut where it closes: archtest speaks of it.
func neighbours(all map[string][]part, module string, around []string) []string {
	around = append(around, module)
	var order []string
	for _, m := range asked(all, module) {
		if slices.Contains(around, m) {
			continue
		}
		for _, n := range neighbours(all, m, around) {
			if !slices.Contains(order, n) {
				order = append(order, n)
			}
		}
	}
	return append(order, module)
}
