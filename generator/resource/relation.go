package resource

import (
	"fmt"
	"slices"
	"strings"

	"github.com/banyan-go/banyan/generator/field"
	"github.com/banyan-go/banyan/generator/name"
)

// Relation is a field that refers to a resource.
type Relation struct {
	Go, JSON, Camel, Words string // "Author", "author", "author", "author"
	Field, Column          string // "AuthorID", "author_id"
	Null, Immutable        bool
	Itself                 bool // it refers to the resource that it belongs to
	Key                    bool // a foreign key: the resource is one of the same module
	Drawn                  bool // samples never repeat a value

	Contract string  // who answers for what it refers to: "accounts.Users"
	Related  string  // what that is: "accounts.User"
	Need     string  // the name of Contract among what the part needs: "Users"
	Part     string  // the part that offers Contract: "User"
	PartVar  string  // "user"
	TestIDs  string  // how a test asks for two ids: "a.IDs(2, a.accounts.User.Users.Latest)"
	Many     string  // the name of Contract in its part: "Posts"
	A        string  // "a user"
	None     string  // "user"
	View     string  // the type that answers embed: "PostAuthor"
	Shown    []Field // of that
}

// Need is an interface of another module that the part asks for.
type Need struct{ Name, Type string }

// Sibling is another part of the module that the part asks.
type Sibling struct{ Var, Type string }

// Checks is the expression of who answers, in the service s.
func (r Relation) Checks() string {
	if r.Itself {
		return "s"
	}
	return "s.relations." + r.Go
}

// Finds is the expression of who answers, in a handler h.
func (r Relation) Finds() string {
	if r.Itself {
		return "h.service"
	}
	return "h.service.Relations()." + r.Go
}

// target returns the resource that a field refers to.
func (s Spec) target(f field.Field) (module, resource string) {
	if f.Type == field.Ref {
		return s.Module, f.Relation.Resource
	}
	return f.Relation.Module, f.Relation.Resource
}

func (s Spec) refersToItself(f field.Field) bool {
	module, resource := s.target(f)
	return f.Type.Refers() && module == s.Module && resource == s.Name
}

func (v *View) refersToItself(f field.Field) bool { return v.spec.refersToItself(f) }

// find returns the resource of that name.
func find(specs []Spec, module, resource string) (Spec, bool) {
	i := slices.IndexFunc(specs, func(s Spec) bool { return s.Module == module && s.Name == resource })
	if i < 0 {
		return Spec{}, false
	}
	return specs[i], true
}

// checkRefs refuses relations that the module alone shows to be impossible.
func (c *checked) checkRefs() []error {
	var errs []error
	for _, f := range c.fields {
		module, _ := c.target(f)
		switch {
		case !f.Type.Refers():
		case f.Type == field.XRef && module == c.Module:
			e := field.Refuse(f.Text, "refers to a resource of its own module, where the database keeps watch over it")
			e.Proposal = strings.Replace(f.Text, "xref="+module+".", "ref=", 1)
			errs = append(errs, e)
		case c.refersToItself(f) && !f.Null:
			e := field.Refuse(f.Text, "refers to itself: the first one has nothing to refer to")
			e.Proposal = f.Relation.Name.Snake + ":ref=" + c.Name + ":null"
			errs = append(errs, e)
		case f.Type == field.XRef && module == goPackage(c.Name):
			errs = append(errs, c.refuse("is that of the module "+module+", which it refers to, and code has one name for both"))
		}
	}
	return errs
}

// relate works out the relations of the resource. Others are what there is beside it, by its own description.
func (v *View) relate(c checked, others []Spec) error {
	specs := slices.DeleteFunc(slices.Clone(others), func(o Spec) bool { return o.Module == c.Module && o.Name == c.Name }) // it may be there already
	specs = append(specs, c.Spec)
	for _, f := range c.fields {
		if !f.Type.Refers() {
			continue
		}
		module, resource := c.target(f)
		target, ok := find(specs, module, resource)
		if !ok {
			return &TargetError{Field: f.Text, Target: module + "/" + resource, Known: known(specs, f, c.Spec)}
		}
		if err := v.checkDivided(c, f, target); err != nil {
			return err
		}
		v.Relations = append(v.Relations, v.relation(f, target))
	}
	for _, r := range v.Relations {
		v.Keys, v.Rerefers = v.Keys || r.Key, v.Rerefers || !r.Immutable
		if !r.Itself {
			v.Asked, v.Chooses = append(v.Asked, r), v.Chooses || !r.Drawn
		}
		if s := (Sibling{Var: r.PartVar, Type: r.Part}); r.Key && !r.Itself && !slices.Contains(v.Siblings, s) {
			v.Siblings = append(v.Siblings, s)
		}
		if n := (Need{Name: r.Need, Type: r.Contract}); !r.Key && !slices.Contains(v.Needs, n) {
			v.Needs = append(v.Needs, n)
			v.Neighbours = append(v.Neighbours, strings.TrimSuffix(r.Contract, "."+r.Many))
		}
	}
	slices.Sort(v.Neighbours)
	v.Neighbours = slices.Compact(v.Neighbours)
	if err := v.nest(c, specs); err != nil {
		return err
	}
	if len(v.Asked) == 0 {
		return nil
	}
	v.Body, v.Change = v.Var+"Body(r)", v.Var+"Change(r)"
	v.Given = fmt.Sprintf("\n\tr := new%sTargets(a)", v.Type)
	for _, s := range c.before(specs, nil) {
		v.Parts = join(v.Parts, v.testPart(s))
	}
	return nil
}

// checkDivided refuses a foreign key that would lead from one database into another: rows that are divided refer to the row that divides them, beside
// which they lie.
func (v *View) checkDivided(c checked, f field.Field, target Spec) error {
	if f.Type != field.Ref || c.shardKey == nil && target.ShardBy == "" {
		return nil
	}
	if c.shardKey != nil && c.shardKey.Name == f.Name && target.ShardBy != "" {
		v.foreignKey = fmt.Sprintf("FOREIGN KEY (bucket, %s) REFERENCES %s (bucket, id) ON DELETE RESTRICT", f.Name.Snake, target.Table())
		return nil
	}
	reason := "would be a foreign key from one database into another, since rows of " + target.Name + " or of " + c.Name + " are divided"
	if target.ShardBy != "" {
		reason += ": say --shard-by " + f.Relation.Name.Snake + ", or keep the id alone"
	} else {
		reason += ": keep the id alone"
	}
	e := field.Refuse(f.Text, reason)
	e.Proposal = f.Name.Snake + ":uuid:filter"
	return e
}

// testPart is the part of a module about a resource, in a test.
func (v *View) testPart(s Spec) string {
	module := s.Module
	if module == v.Module {
		module = "module"
	}
	return "a." + module + "." + name.New(s.Name).Pascal
}

func (v *View) relation(f field.Field, target Spec) Relation {
	one, many := name.New(target.Name), name.New(name.Plural(target.Name))
	r := Relation{
		Go: f.Relation.Name.Pascal, JSON: f.Relation.Name.Snake, Camel: f.Relation.Name.Camel, Words: f.Relation.Name.Words,
		Field: f.Name.Pascal, Column: f.Name.Snake, Null: f.Null, Immutable: f.Immutable,
		Itself: v.spec.refersToItself(f), Key: f.Type == field.Ref, Drawn: v.drawn[f.Name.Snake],
		Contract: target.Module + "." + many.Pascal, Related: target.Module + "." + one.Pascal, Need: many.Pascal, Part: one.Pascal, PartVar: one.Camel, Many: many.Pascal,
		A: name.Article(one.Words) + " " + one.Words, None: one.Words,
		View: v.Type + f.Relation.Name.Pascal,
	}
	same := len(slices.DeleteFunc(slices.Clone(v.Relations), func(o Relation) bool { return o.Contract != r.Contract }))
	r.TestIDs = fmt.Sprintf("a.IDs(2, %s.%s.Latest)", v.testPart(target), many.Pascal)
	if same > 0 { // those of one relation are not those of another
		r.TestIDs = fmt.Sprintf("a.IDs(%d, %s.%s.Latest)[%d:]", 2*same+2, v.testPart(target), many.Pascal, 2*same)
	}
	v.TestRows = max(v.TestRows, 2*same+2)
	if slices.ContainsFunc(v.Relations, func(o Relation) bool { return !o.Key && o.Need == r.Need && o.Contract != r.Contract }) {
		r.Need = name.New(target.Module).Pascal + many.Pascal
	}
	fields, _ := field.ParseAll(target.columns()) // as far as it goes: it was made by another version perhaps
	its := &View{Module: target.Module, Type: one.Pascal, Var: one.Camel, spec: target}
	for _, g := range fields {
		if g.Shown() && !g.PII {
			code := its.code(g)
			r.Shown = append(r.Shown, Field{Go: g.Name.Pascal, JSON: g.Name.Snake, GoTypeOut: code.shownType(), Present: code.present(), OutputTags: code.outputTags()})
		}
	}
	return r
}

// before returns the resources that have to be there before one of c can be, each after those that it refers to itself.
func (c checked) before(specs []Spec, done []Spec) []Spec {
	for _, f := range c.fields {
		if !f.Type.Refers() || c.refersToItself(f) {
			continue
		}
		module, resource := c.target(f)
		target, ok := find(specs, module, resource)
		if _, seen := find(done, module, resource); !ok || seen {
			continue
		}
		fields, _ := field.ParseAll(target.columns()) // as far as it goes
		done = append(checked{Spec: target, fields: fields}.before(specs, done), target)
	}
	return done
}

// target is the k-th value of a relation in a test, as a piece of a raw string: the id of what was made before, null of what refers to
// itself.
func (v *View) target(f field.Field, k int) string {
	if v.refersToItself(f) {
		return "null"
	}
	return fmt.Sprintf("\"`+r.%s[%d]+`\"", f.Relation.Name.Pascal, k)
}

// TargetError means that a field refers to a resource that there is not.
type TargetError struct {
	Field, Target string
	Known         []string // resources that it could refer to
}

func (e *TargetError) Error() string {
	if len(e.Known) == 0 {
		return fmt.Sprintf("field %s: there is no resource %s, nor any other: generate it first", name.Quote(e.Field), e.Target)
	}
	return fmt.Sprintf("field %s: there is no resource %s: generate it first, or take one of %s", name.Quote(e.Field), e.Target, strings.Join(e.Known, ", "))
}

// known are the resources that a field could refer to.
func known(specs []Spec, f field.Field, s Spec) []string {
	var names []string
	for _, o := range specs {
		if (o.Module == s.Module) == (f.Type == field.Ref) && (o.Module != s.Module || o.Name != s.Name) {
			names = append(names, o.Module+"/"+o.Name)
		}
	}
	slices.Sort(names)
	return names
}

// Targets returns what the resource refers to: module and name, each once, itself not among them.
func (s Spec) Targets() [][2]string {
	c, _ := s.check() // as far as it goes
	var list [][2]string
	for _, f := range c.fields {
		module, resource := s.target(f)
		if target := [2]string{module, resource}; f.Type.Refers() && !s.refersToItself(f) && !slices.Contains(list, target) {
			list = append(list, target)
		}
	}
	return list
}
