package plan

import (
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/banyan-go/banyan/platform/fault"
)

// Param is one parameter of a request: a field tagged path, query or header.
type Param struct {
	Name     string
	In       string // "path", "query" or "header"; empty for a Custom field without such a tag
	Doc      string
	Required bool
	// Custom marks a field of a type that the caller of this package reads itself: Schema is nil, Set does nothing, and of its tag only
	// path, query, header, required and doc were read, without a check.
	Custom bool
	Schema *Schema
	Type   reflect.Type
	Tag    reflect.StructTag
	Index  []int // for reflect.Value.FieldByIndex

	codec   scalar
	list    *sliceCodec  // the parameter may be given several times
	pointer reflect.Type // the T of a *T
	preset  *literal     // the default
	where   string       // the JSON Pointer for errors
}

// Params returns the parameters of struct t in the order of its fields, those of embedded structs among them, and the index of the
// field Body, -1 when there is none. A path parameter is required, every other one only with the tag required:"true"; it may be a
// scalar, a pointer to one (nil: not given) or, in the query, a slice of them (given several times). The error names the struct, the
// field and the tag that is wrong.
func (c *Compiler) Params(t reflect.Type) (params []Param, body int, err error) {
	body = -1
	all, err := c.fields(t)
	if err != nil {
		return nil, -1, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	err = c.run(Input, func(b *build) error {
		taken := map[string]string{}
		for _, f := range all {
			if f.Name == "Body" && len(f.path) == 1 {
				body = f.path[0]
				if err := checkBody(f); err != nil {
					return err
				}
				continue
			}
			p, err := b.param(f, c.opts.Mine(f.Type))
			if err != nil {
				return err
			}
			if other := taken[p.slot()]; other != "" && p.In != "" {
				return f.errorf("the %s parameter %s is that of the field %s, too", p.In, p.Name, other)
			}
			taken[p.slot()] = f.Name
			params = append(params, p)
		}
		return nil
	})
	if err != nil {
		return nil, -1, err
	}
	return params, body, nil
}

// slot is what no two parameters share. Names of headers are compared without case.
func (p *Param) slot() string {
	if p.In == "header" {
		return p.In + " " + strings.ToLower(p.Name)
	}
	return p.In + " " + p.Name
}

// fields returns the fields of a struct of parameters or headers.
func (c *Compiler) fields(t reflect.Type) ([]owned, error) {
	if t.Kind() != reflect.Struct {
		return nil, (&words{where: typeName(t)}).errorf("the type is not a struct")
	}
	return fieldsOf(t, nil, func(t reflect.Type) bool { return isOpaque(t) || c.opts.Mine(t) })
}

// checkBody refuses words on the field Body: they belong to the fields of its type.
func checkBody(f owned) error {
	w, err := readWords(f.where(), f.Tag)
	if err != nil {
		return err
	}
	w.take("doc")
	return w.leftover(f.Type)
}

func (b *build) param(f owned, mine bool) (Param, error) {
	p := Param{Type: f.Type, Tag: f.Tag, Index: f.path, Custom: mine}
	if mine {
		p.In, p.Name = place(func(key string) (string, bool) { return f.Tag.Lookup(key) })
		p.Doc = f.Tag.Get("doc")
		p.Required = p.In == "path" || f.Tag.Get("required") == "true"
		return p, nil
	}
	w, err := readWords(f.where(), f.Tag)
	if err != nil {
		return p, err
	}
	p.In, p.Name = place(w.take)
	if err := checkPlace(w, p.In, p.Name); err != nil {
		return p, err
	}
	p.where = "/" + escapePointer(p.Name)
	p.Doc, _ = w.take("doc")
	if p.Required, err = w.flag("required"); err != nil {
		return p, err
	}
	if p.Required && p.In == "path" {
		return p, w.wrong("required", "true", "a path parameter always is")
	}
	p.Required = p.Required || p.In == "path"
	return p, b.planParam(&p, w)
}

// planParam takes the words that are left.
func (b *build) planParam(p *Param, w *words) error {
	preset, hasDefault := w.take("default")
	example, hasExample := w.take("example")
	planned, err := b.codec(p.Type, w)
	if err != nil {
		return err
	}
	if err := w.leftover(p.Type); err != nil {
		return err
	}
	one := planned
	switch c := planned.(type) {
	case *pointerCodec:
		p.pointer, one = c.t, c.elem
	case *sliceCodec:
		p.list, one = c, c.elem
	}
	var ok bool
	if p.codec, ok = one.(scalar); !ok || p.list != nil && p.In != "query" {
		return w.errorf("the type %s is not supported in a %s parameter", p.Type, p.In)
	}
	described := planned
	if p.pointer != nil { // nil when the parameter is not given: null cannot be sent
		described = one
	}
	schema, err := described.describe(nil)
	if err != nil {
		return err
	}
	p.Schema = schema
	if hasExample {
		b.literal(w, "example", planned, p.Type, example).then(b, func(json []byte) { schema.Examples = [][]byte{json} })
	}
	if hasDefault {
		if p.Required || p.pointer != nil {
			return w.wrong("default", preset, "the parameter is required or a pointer, so that it never applies")
		}
		p.preset = b.literal(w, "default", planned, p.Type, preset)
		p.preset.then(b, func(json []byte) { schema.Default = json })
	}
	return nil
}

// place returns where a parameter stands and its name, "" for a field that is none.
func place(lookup func(string) (string, bool)) (in, name string) {
	for _, in := range []string{"path", "query", "header"} {
		if name, ok := lookup(in); ok {
			return in, name
		}
	}
	return "", ""
}

func checkPlace(w *words, in, name string) error {
	if in == "" {
		return w.errorf(`the field is no parameter; tag it path:"name", query:"name" or header:"Name", or call it Body`)
	}
	if err := checkName(w, in, name); err != nil || in != "header" {
		return err
	}
	switch strings.ToLower(name) {
	case "authorization": // OpenAPI 3.1, Parameter Object, name
		return w.wrong(in, name, "OpenAPI ignores a parameter of that name; the framework reads this header itself: Auth: api.Token, with Allow: api.Anybody() where a request may come without it, and api.CallerFrom")
	case "accept", "content-type":
		return w.wrong(in, name, "OpenAPI ignores a parameter of that name; the framework reads this header itself")
	}
	return nil
}

// checkName checks the value of the tag path, query or header. Names of headers are tokens (RFC 9110, section 5.6.2), and so are ours of
// path parameters.
func checkName(w *words, in, name string) error {
	if name == "" {
		return w.wrong(in, name, "the name is empty")
	}
	for _, c := range name {
		if c <= ' ' || c >= 0x7f || in != "query" && strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c) {
			return w.wrong(in, name, "the name has a character that does not belong there")
		}
	}
	return nil
}

// Set reads the parameter's values into its field of dst, the zero value of the struct that was compiled. No values mean that the
// parameter was not given. Set keeps no reference to the values. It returns what is wrong, or nil.
func (p *Param) Set(dst reflect.Value, values []string) *fault.Field {
	if p.Custom {
		return nil
	}
	v := dst.FieldByIndex(p.Index)
	switch {
	case len(values) == 0 && p.Required:
		return p.field(missing())
	case len(values) == 0 && p.preset != nil:
		p.preset.fill(v)
		return nil
	case len(values) == 0:
		return nil
	case p.list != nil:
		return p.setList(v, values)
	case len(values) > 1:
		return p.field(problem{CodeRepeated, "must be given only once"})
	}
	if p.pointer != nil {
		v.Set(reflect.New(p.pointer))
		v = v.Elem()
	}
	return p.field(p.one(v, values[0]))
}

func (p *Param) setList(v reflect.Value, values []string) *fault.Field {
	if bad := p.list.check(len(values)); bad.found() {
		return p.field(bad)
	}
	v.Grow(len(values))
	v.SetLen(len(values))
	for i, s := range values {
		if bad := p.one(v.Index(i), s); bad.found() {
			return p.field(bad)
		}
	}
	if p.list.unique && p.list.duplicate(v) >= 0 {
		return p.field(problem{CodeDuplicateItem, "must not have the same value twice"})
	}
	return nil
}

func (p *Param) one(v reflect.Value, s string) problem {
	switch {
	case strings.IndexByte(s, 0) >= 0:
		return hasNUL()
	case !utf8.ValidString(s):
		return problem{CodeInvalidUTF8, "must be UTF-8"}
	default:
		return p.codec.parse(s, v)
	}
}

func (p *Param) field(bad problem) *fault.Field {
	if !bad.found() {
		return nil
	}
	return &fault.Field{In: p.In, Pointer: p.where, Code: bad.code, Detail: bad.detail}
}
