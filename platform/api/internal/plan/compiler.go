package plan

import (
	"maps"
	"reflect"
	"slices"
	"sync"
)

// Use says on which side of the handler a value stands.
type Use uint8

const (
	// Input is what a caller sends. Constraints are checked.
	Input Use = iota
	// Output is what a caller gets. Every field is written.
	Output
	// Sparse is Output of which the caller chose the fields; see Components.Sparse. Nothing is compiled for it.
	Sparse
)

// Options are the choices of a Compiler. The zero value works.
type Options struct {
	// Mine reports whether the caller of this package reads parameters of type t itself. Nil: of no type.
	Mine func(t reflect.Type) bool
	// MaxItems bounds the items of a slice and the members of a map in Input where the field has no maxItems or maxProperties of its
	// own, so that a small body cannot become a large value. It is enforced and documented like the words. 0 means 1000.
	MaxItems int
}

// Compiler makes plans and remembers them, so that every type is compiled once. It is safe for concurrent use.
type Compiler struct {
	opts    Options
	pool    sync.Pool // of *decoder
	mu      sync.Mutex
	types   map[key]*Type
	structs map[key]*structCodec
}

type key struct {
	t   reflect.Type
	use Use
}

// New returns a compiler without plans.
func New(opts Options) *Compiler {
	if opts.Mine == nil {
		opts.Mine = func(reflect.Type) bool { return false }
	}
	if opts.MaxItems == 0 {
		opts.MaxItems = 1000
	}
	return &Compiler{
		opts:    opts,
		pool:    sync.Pool{New: func() any { return new(decoder) }},
		types:   map[key]*Type{},
		structs: map[key]*structCodec{},
	}
}

// Compile returns the plan of t, the same one for the same arguments. The error names the struct, the field and the tag that is
// wrong. Use is Input or Output.
func (c *Compiler) Compile(t reflect.Type, use Use) (*Type, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := key{t, use}
	if p := c.types[k]; p != nil {
		return p, nil
	}
	p := &Type{goType: t, use: use, pool: &c.pool}
	err := c.run(use, func(b *build) (err error) {
		p.root, err = b.codec(t, &words{where: typeName(t)})
		return err
	})
	if err != nil {
		return nil, err
	}
	p.findResource()
	c.types[k] = p
	return p, nil
}

// run lets fn plan with a build and keeps the new plans when all went well.
func (c *Compiler) run(use Use, fn func(*build) error) error {
	b := &build{use: use, maxItems: c.opts.MaxItems, known: c.structs, structs: make(map[key]*structCodec)}
	if err := fn(b); err != nil {
		return err
	}
	for _, check := range b.checks {
		if err := check(); err != nil {
			return err
		}
	}
	maps.Copy(c.structs, b.structs)
	return nil
}

// build is one run of the compiler.
type build struct {
	use      Use
	maxItems int
	known    map[key]*structCodec // of earlier runs
	structs  map[key]*structCodec // of this one: may hold unfinished ones
	busy     []reflect.Type       // the slices, maps and pointers around, up to the next struct
	checks   []func() error       // for when every codec is whole
}

// codec plans t with the words that are left.
func (b *build) codec(t reflect.Type, w *words) (codec, error) {
	switch {
	case isTime(t):
		return &timeCodec{}, nil
	case isText(t):
		return newText(t, b.use, w)
	case isChange(t), isEmbedded(t):
		return nil, w.errorf("the type %s is supported as the field of a struct alone", t)
	}
	if isRaw(t) {
		return &rawCodec{}, nil
	}
	if m := foreignMethod(t); m != "" {
		return nil, w.errorf("the type %s is not supported: it has %s; a type that is text needs UnmarshalText and AppendText", t, m)
	}
	if isBytes(t) {
		return newBytes(b.use, w)
	}
	switch t.Kind() {
	case reflect.Bool:
		return &boolCodec{}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return newInteger[int64](t, b.use, w)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return newInteger[uint64](t, b.use, w)
	case reflect.Float32, reflect.Float64:
		return newFloat(t, b.use, w)
	case reflect.String:
		return newString(b.use, w)
	case reflect.Slice:
		return b.slice(t, w)
	case reflect.Map:
		return b.mapping(t, w)
	case reflect.Pointer:
		return b.pointer(t, w)
	case reflect.Struct:
		return b.structure(t)
	default:
		return nil, w.errorf("the type %s is not supported", t)
	}
}

// within plans the element of a slice, map or pointer.
func (b *build) within(container, elem reflect.Type, w *words) (codec, error) {
	if slices.Contains(b.busy, container) {
		return nil, w.errorf("the type %s contains itself without a struct between", container)
	}
	b.busy = append(b.busy, container)
	defer func() { b.busy = b.busy[:len(b.busy)-1] }()
	return b.codec(elem, w)
}
