package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// What may join the letters and digits of a key's part, and of the name of a map's entry or of a profile.
const (
	keyJoints    = "_"
	entryJoints  = "_-"
	dottedJoints = "_.-" // where the tag dotted:"true" allows it
)

// field is one field of the struct that holds values: a key, or with isMap the parent of keys.
type field struct {
	key    string
	index  []int        // for reflect.Value.FieldByIndex from the root
	typ    reflect.Type // the field's type; with isMap the type of an entry
	isMap  bool
	joints string // with isMap, of the names of entries
	secret bool
	doc    string
	words  []string // all that the value, or an element of the list, may be; nil is any
}

// section is a struct in the tree. Squashed structs have the key of the struct around them, the root has "".
type section struct {
	key   string
	index []int
}

// schema is what a struct type says about its keys. It is not changed once it is built.
type schema struct {
	fields   map[string]*field
	sections []section // the outer one first
	names    []string  // the keys of all fields and sections, sorted
}

// newSchema reads the tags of a struct type. Its errors are mistakes in the program, all of them joined.
func newSchema(t reflect.Type) (*schema, error) {
	s := &schema{fields: map[string]*field{}}
	errs := s.addStruct(t, section{}, false)
	for key := range s.fields {
		if s.fields[key+"_file"] != nil {
			errs = append(errs, fmt.Errorf("%s would mean two keys, %s and %s_file", variable(key)+varFile, key, key))
		}
		s.names = append(s.names, key)
	}
	for _, sec := range s.sections {
		if sec.key != "" && !slices.Contains(s.names, sec.key) {
			s.names = append(s.names, sec.key)
		}
	}
	slices.Sort(s.names)
	return s, errors.Join(errs...)
}

func (s *schema) addStruct(t reflect.Type, sec section, secret bool) []error {
	s.sections = append(s.sections, sec)
	var errs []error
	for i := range t.NumField() {
		sf := t.Field(i)
		tag, tagged := sf.Tag.Lookup("config")
		if tag == "-" || !sf.IsExported() && !tagged {
			continue
		}
		name, option, _ := strings.Cut(tag, ",")
		squash := name == "" && option == "squash"
		secret := secret || sf.Tag.Get("secret") == "true"
		at := section{key: join(sec.key, name), index: append(slices.Clone(sec.index), i)}
		var err error
		switch {
		case !sf.IsExported():
			err = errors.New("is not exported")
		case squash && sf.Type.Kind() == reflect.Struct:
			at.key = sec.key
			errs = append(errs, s.addStruct(sf.Type, at, secret)...)
		case squash || sf.Anonymous:
			err = errors.New("has to be a struct with the tag config:\",squash\"")
		case option != "" || !isWord(name, keyJoints):
			err = fmt.Errorf("has the tag config:%q, want a name in lower snake case", tag)
		case s.fields[at.key] != nil || slices.ContainsFunc(s.sections, func(o section) bool { return o.key == at.key }):
			err = fmt.Errorf("has the key %s, which is taken", at.key)
		case sf.Type.Kind() == reflect.Struct && !isText(sf.Type):
			errs = append(errs, s.addStruct(sf.Type, at, secret)...)
		default:
			err = s.addField(sf, at, secret)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("field %s.%s %w", t, sf.Name, err))
		}
	}
	return errs
}

func (s *schema) addField(sf reflect.StructField, at section, secret bool) error {
	f := &field{key: at.key, index: at.index, typ: sf.Type, secret: secret, doc: sf.Tag.Get("doc")}
	if sf.Type.Kind() == reflect.Map && !isText(sf.Type) && sf.Type.Key().Kind() == reflect.String {
		f.isMap, f.joints, f.typ = true, entryJoints, sf.Type.Elem()
		if sf.Tag.Get("dotted") == "true" {
			f.joints = dottedJoints
		}
	}
	if !isScalar(f.typ) && !(isList(f.typ) && isScalar(f.typ.Elem())) {
		return fmt.Errorf("has the type %s, which is not supported", sf.Type)
	}
	if words, ok := sf.Tag.Lookup("enum"); ok {
		f.words = strings.Split(words, ",")
		if elem := f.elem(); elem.Kind() != reflect.String && !isText(elem) {
			return fmt.Errorf("has the tag enum:%q, and its type %s is no text", words, sf.Type)
		}
	}
	s.fields[f.key] = f
	return nil
}

// elem returns the type of one value: the field's, or that of the elements of its list.
func (f *field) elem() reflect.Type {
	if isList(f.typ) {
		return f.typ.Elem()
	}
	return f.typ
}

// find returns the field that holds the value of key and, when that is a map, the name of the entry. It returns nil for a key
// that holds no value: an unknown one, a section, a map as a whole.
func (s *schema) find(key string) (f *field, entry string) {
	if f := s.fields[key]; f != nil && !f.isMap {
		return f, ""
	}
	for i, c := range key {
		if c != '.' {
			continue
		}
		if f := s.fields[key[:i]]; f != nil && f.isMap && isWord(key[i+1:], f.joints) {
			return f, key[i+1:]
		}
	}
	return nil, ""
}

// isSection reports whether key is a struct in the tree.
func (s *schema) isSection(key string) bool {
	_, known := slices.BinarySearch(s.names, key)
	return known && s.fields[key] == nil
}

// leaves returns the keys of the fields that hold one value or a list, sorted.
func (s *schema) leaves() []string {
	return slices.DeleteFunc(slices.Clone(s.names), func(name string) bool { f := s.fields[name]; return f == nil || f.isMap })
}

// example returns a hint that names a key below a section or a map, as spell writes it, or "" when there is none.
func (s *schema) example(key string, spell func(string) string) string {
	for _, name := range s.names {
		f := s.fields[name]
		switch {
		case f == nil:
		case f.isMap && name == key:
			return "name an entry, " + spell(name+".NAME") + " for instance"
		case !f.isMap && strings.HasPrefix(name, key+"."):
			return "name a key below it, " + spell(name) + " for instance"
		}
	}
	return ""
}

// asIs spells a key the way files and --set do.
func asIs(key string) string { return key }

// isSecret reports whether what stands at key, which may be a section, must not be shown. An unknown key may be anything.
func (s *schema) isSecret(key string) bool {
	if f, _ := s.find(key); f != nil {
		return f.secret
	}
	known := false
	for k, f := range s.fields {
		if key == "" || k == key || strings.HasPrefix(k, key+".") {
			known = true
			if f.secret {
				return true
			}
		}
	}
	return !known
}

func join(prefix, name string) string {
	if prefix == "" || name == "" {
		return prefix + name
	}
	return prefix + "." + name
}

// isWord reports whether s consists of lower case letters and digits, joined by single characters out of joints.
func isWord(s, joints string) bool {
	open := true // a letter or digit has to follow
	for _, r := range s {
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			open = false
		case !open && strings.ContainsRune(joints, r):
			open = true
		default:
			return false
		}
	}
	return !open
}

func isText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

func isList(t reflect.Type) bool { return t.Kind() == reflect.Slice && !isText(t) }

func isScalar(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	default:
		return isText(t)
	}
}
