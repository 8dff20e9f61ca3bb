package surface

import (
	"fmt"
	"go/types"
	"strings"
)

// writer renders what one package exports.
type writer struct {
	prefix string
	pkg    *types.Package
}

// object adds the line of an identifier, and those of its fields and methods.
func (w *writer) object(obj types.Object, add func(name, what string)) {
	switch obj := obj.(type) {
	case *types.Const:
		add(obj.Name(), "const "+w.text(obj.Type())+" = "+obj.Val().ExactString())
	case *types.Var:
		add(obj.Name(), "var "+w.text(obj.Type()))
	case *types.Func:
		add(obj.Name(), w.text(obj.Type()))
	case *types.TypeName:
		w.declared(obj, add)
	}
}

func (w *writer) declared(obj *types.TypeName, add func(name, what string)) {
	if obj.IsAlias() {
		add(obj.Name(), "type = "+w.text(types.Unalias(obj.Type())))
		return
	}
	named, ok := obj.Type().(*types.Named)
	if !ok {
		return
	}
	what := "type" + w.typeParams(named.TypeParams()) + " "
	switch under := named.Underlying().(type) {
	case *types.Struct:
		what += "struct"
		if !types.Comparable(named) {
			what += " (not comparable)"
		}
		add(obj.Name(), what)
		w.fields(obj.Name(), under, add)
	case *types.Interface:
		// All methods stand in one line: a new one breaks those who implement it, unless nobody outside can.
		add(obj.Name(), what+w.text(under))
		return
	default:
		add(obj.Name(), what+w.text(under))
	}
	byValue := types.NewMethodSet(named)
	for m := range types.NewMethodSet(types.NewPointer(named)).Methods() {
		if !m.Obj().Exported() {
			continue
		}
		kind := "method"
		if byValue.Lookup(m.Obj().Pkg(), m.Obj().Name()) == nil {
			kind = "pointer method"
		}
		add(obj.Name()+"."+m.Obj().Name(), kind+" "+w.text(m.Type()))
	}
}

func (w *writer) fields(of string, s *types.Struct, add func(name, what string)) {
	for f := range s.Fields() {
		switch {
		case !f.Exported():
		case f.Embedded():
			add(of+"."+f.Name(), "embedded "+w.text(f.Type()))
		default:
			add(of+"."+f.Name(), "field "+w.text(f.Type()))
		}
	}
}

// text writes a type as Go has it, without the names of parameters.
func (w *writer) text(t types.Type) string {
	switch t := t.(type) {
	case *types.Named:
		return w.name(t.Obj()) + w.typeArgs(t.TypeArgs())
	case *types.Alias:
		return w.name(t.Obj()) + w.typeArgs(t.TypeArgs())
	case *types.Pointer:
		return "*" + w.text(t.Elem())
	case *types.Slice:
		return "[]" + w.text(t.Elem())
	case *types.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), w.text(t.Elem()))
	case *types.Map:
		return "map[" + w.text(t.Key()) + "]" + w.text(t.Elem())
	case *types.Chan:
		return [...]string{types.SendRecv: "chan ", types.SendOnly: "chan<- ", types.RecvOnly: "<-chan "}[t.Dir()] + w.text(t.Elem())
	case *types.Signature:
		return "func" + w.signature(t)
	case *types.Struct:
		return w.structure(t)
	case *types.Interface:
		return w.iface(t)
	case *types.Union:
		terms := make([]string, 0, t.Len())
		for term := range t.Terms() {
			tilde := ""
			if term.Tilde() {
				tilde = "~"
			}
			terms = append(terms, tilde+w.text(term.Type()))
		}
		return strings.Join(terms, " | ")
	default:
		return t.String() // basic types and type parameters
	}
}

// name writes the name of a type, with the path of its package unless it is the one that is written.
func (w *writer) name(obj *types.TypeName) string {
	if obj.Pkg() == nil || obj.Pkg() == w.pkg {
		return obj.Name()
	}
	return strings.TrimPrefix(obj.Pkg().Path(), w.prefix) + "." + obj.Name()
}

func (w *writer) typeArgs(list *types.TypeList) string {
	if list.Len() == 0 {
		return ""
	}
	args := make([]string, 0, list.Len())
	for t := range list.Types() {
		args = append(args, w.text(t))
	}
	return "[" + strings.Join(args, ", ") + "]"
}

func (w *writer) typeParams(list *types.TypeParamList) string {
	if list.Len() == 0 {
		return ""
	}
	params := make([]string, 0, list.Len())
	for p := range list.TypeParams() {
		params = append(params, p.Obj().Name()+" "+w.text(p.Constraint()))
	}
	return "[" + strings.Join(params, ", ") + "]"
}

func (w *writer) signature(s *types.Signature) string {
	params := make([]string, 0, s.Params().Len())
	for p := range s.Params().Variables() {
		params = append(params, w.text(p.Type()))
	}
	if s.Variadic() {
		last := len(params) - 1
		params[last] = "..." + strings.TrimPrefix(params[last], "[]")
	}
	text := w.typeParams(s.TypeParams()) + "(" + strings.Join(params, ", ") + ")"
	results := make([]string, 0, s.Results().Len())
	for r := range s.Results().Variables() {
		results = append(results, w.text(r.Type()))
	}
	switch len(results) {
	case 0:
		return text
	case 1:
		return text + " " + results[0]
	default:
		return text + " (" + strings.Join(results, ", ") + ")"
	}
}

func (w *writer) structure(s *types.Struct) string {
	fields := make([]string, 0, s.NumFields())
	for f := range s.Fields() {
		fields = append(fields, f.Name()+" "+w.text(f.Type()))
	}
	return "struct{ " + strings.Join(fields, "; ") + " }"
}

// unexportedMethods stands in an interface that nobody outside of its package can implement.
const unexportedMethods = "unexported methods"

func (w *writer) iface(t *types.Interface) string {
	var parts []string
	closed := false
	for m := range t.Methods() { // sorted by name, those of embedded interfaces as well
		closed = closed || !m.Exported()
		if signature, ok := m.Type().(*types.Signature); ok && m.Exported() {
			parts = append(parts, m.Name()+w.signature(signature))
		}
	}
	for e := range t.EmbeddedTypes() {
		if _, methods := e.Underlying().(*types.Interface); !methods || e.Underlying().(*types.Interface).NumMethods() == 0 {
			parts = append(parts, w.text(e)) // what restricts a type parameter
		}
	}
	if closed {
		parts = append(parts, unexportedMethods)
	}
	switch {
	case len(parts) == 0:
		return "interface{}"
	case len(parts) == 1 && t.IsImplicit(): // [T int | string] stands for [T interface{ int | string }]
		return parts[0]
	}
	return "interface{ " + strings.Join(parts, "; ") + " }"
}
