package resource

import (
	"fmt"
	"slices"

	"github.com/banyan-go/banyan/generator/field"
	"github.com/banyan-go/banyan/generator/name"
)

// claim is a name that a resource needs for itself: in its module, since tables, addresses and packages begin with that of the module.
type claim struct{ kind, name string }

// ownPackage is the kind of what two resources of a module may both have.
const ownPackage = "name in its own package"

// claims are the names that a resource needs, beside those that follow from them.
func (c *checked) claims() []claim {
	one, many := name.New(c.Name), name.New(name.Plural(c.Name))
	list := []claim{{"package", goPackage(c.Name)}, {"table", c.Table()}, {"address", c.Address()}}
	add := func(kind string, names ...string) {
		for _, n := range names {
			list = append(list, claim{kind, n})
		}
	}
	add("name in the contract", one.Pascal, many.Pascal)
	add(ownPackage, one.Camel)
	for _, f := range c.fields {
		if f.Match != nil {
			add(ownPackage, code{Field: f}.patternVar())
		}
		if f.Type == field.Money && f.Null {
			amount, currency := code{Field: f}.splitVars()
			add(ownPackage, amount, currency)
		}
	}
	for _, f := range c.fields {
		if !f.Type.Uploaded() {
			continue
		}
		add(ownPackage, f.Name.Camel+"Variants", f.Name.Pascal+"Rule")
		add("operation", one.Pascal+f.Name.Pascal)
	}
	if slices.ContainsFunc(c.fields, func(f field.Field) bool { return f.Type.Uploaded() }) {
		add("name in package web", "upload"+one.Pascal, "load"+one.Pascal, "describe"+one.Pascal)
	}
	for _, f := range c.fields {
		if len(f.Words) == 0 {
			continue
		}
		enum := one.Pascal + f.Name.Pascal
		add("name in the contract", enum)
		for _, word := range f.Words {
			add("name in the contract", enum+name.New(word).Pascal)
		}
	}
	for _, f := range c.fields {
		if f.Type.Refers() {
			view := one.Pascal + f.Relation.Name.Pascal
			add("name in package web", view, "present"+view)
			add("schema in the API's document", view)
		}
	}
	add("name in package web", one.Pascal, many.Pascal, one.Pascal+"Draft", one.Pascal+"Change", "list"+many.Pascal, one.Camel+"Handler")
	for _, verb := range []string{"create", "created", "get", "one", "update", "delete", "present"} {
		add("name in package web", verb+one.Pascal)
	}
	add("file", "internal/web/"+c.Name+".go")
	if c.Auth.closed() {
		add("name in package web", one.Camel+"Policy")
		add("file", "internal/web/"+c.Name+"_policy.go")
	}
	for _, end := range []string{"", "Draft", "Change", "List", "Fields", "ListFields"} {
		add("schema in the API's document", one.Pascal+end)
	}
	for _, ix := range c.indexes() {
		add("index", ix.name)
	}
	return list
}

// checkNames finds names that the resource would need twice.
func (c *checked) checkNames() error {
	seen := map[claim]bool{}
	for _, cl := range c.claims() {
		if seen[cl] {
			return fmt.Errorf("resource %s: two of its parts would have the %s %s: rename a field or a word of an enum", c.quoted(), cl.kind, cl.name)
		}
		seen[cl] = true
	}
	return nil
}

// CheckBeside finds names that s, which has passed Check, and another resource of its module would share: names of types, of packages, of
// indexes, and addresses.
func (s Spec) CheckBeside(others []Spec) error {
	if err := s.checkMany(others); err != nil {
		return err
	}
	cl, other, clash := s.shared(others)
	if !clash {
		return nil
	}
	reason := fmt.Sprintf("would have the %s %s, as the resource %s has", cl.kind, cl.name, other)
	e := &name.Error{What: "resource", Name: s.Name, Reason: reason, Proposal: "item"}
	if cl.kind == "address" {
		e.Proposal = "--path " + Spec{Name: s.Name}.Address() + "-2"
		return e
	}
	for _, proposal := range []string{s.Name + "_item", "other_" + s.Name} {
		p := s
		p.Name = proposal
		if _, _, clash := p.shared(others); !clash && p.Check() == nil {
			e.Proposal = proposal
			break
		}
	}
	return e
}

func (s Spec) shared(others []Spec) (cl claim, other string, clash bool) {
	mine, _ := s.check() // the caller has
	for _, o := range others {
		if o.Module != s.Module || o.Name == s.Name {
			continue
		}
		theirs, _ := o.check() // as far as it goes: it was made by another version perhaps
		taken := theirs.claims()
		if i := slices.IndexFunc(mine.claims(), func(c claim) bool { return c.kind != ownPackage && slices.Contains(taken, c) }); i >= 0 {
			return mine.claims()[i], o.Name, true
		}
	}
	return claim{}, "", false
}
