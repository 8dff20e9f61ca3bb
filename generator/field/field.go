// Package field reads the words that describe a resource's fields on a command line, "sku:string:required,unique,max=64", and checks that
// they mean something together.
//
//	field = name ":" type [ "=" param ] { ":" mods }
//	mods  = mod { "," mod }
//	mod   = word [ "=" value ]
package field

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/banyan-go/banyan/generator/name"
	"github.com/banyan-go/banyan/platform/images/spec"
)

// Field is one field of a resource. A Field that Parse returned has passed every rule.
type Field struct {
	Name      name.Name // of a relation with _id at its end
	Type      Type
	Relation  Relation       // of a ref and an xref
	Words     []string       // of an enum
	Precision int            // of a decimal: all its digits
	Scale     int            // of a decimal: those behind the point
	Variants  []spec.Variant // of an image

	Required  bool
	Null      bool
	Unique    bool
	Index     bool
	NoIndex   bool
	Immutable bool
	Hidden    bool
	Filter    bool
	Sort      bool
	Search    bool
	PII       bool
	Secret    bool
	Match     *string // the name of a pattern
	Types     *string // of a file, as written
	Default   *string // as written
	Min, Max  *string // as written
	Text      string  // as written, all of it
	InIndex   bool    // of several fields; Parse knows of none
}

// Type is a word of the grammar.
type Type string

// The types.
const (
	String  Type = "string"
	Text    Type = "text"
	Int     Type = "int"
	Int64   Type = "int64"
	Float   Type = "float"
	Decimal Type = "decimal"
	Bool    Type = "bool"
	Date    Type = "date"
	Time    Type = "time"
	UUID    Type = "uuid"
	Email   Type = "email"
	URL     Type = "url"
	Slug    Type = "slug"
	Money   Type = "money"
	Enum    Type = "enum"
	JSON    Type = "json"
	Bytes   Type = "bytes"

	Password Type = "password"

	Ref  Type = "ref"
	XRef Type = "xref"

	Image Type = "image"
	File  Type = "file"
)

// Types lists every type.
func Types() []Type {
	return []Type{String, Text, Int, Int64, Float, Decimal, Bool, Date, Time, UUID, Email, URL, Slug, Money, Enum, JSON, Bytes, Password, Ref, XRef, Image, File}
}

// Modifiers lists every modifier.
func Modifiers() []string {
	return []string{"required", "null", "unique", "index", "noindex", "default", "min", "max", "match", "types", "immutable", "hidden", "pii", "secret", "filter",
		"sort", "search"}
}

// Textual reports whether values are text with a length.
func (t Type) Textual() bool { return t == String || t == Text || t == Email || t == URL || t == Slug }

// Sized reports whether values have a size in bytes.
func (t Type) Sized() bool { return t == JSON || t == Bytes }

// Numeric reports whether values are numbers with a size.
func (t Type) Numeric() bool {
	return t == Int || t == Int64 || t == Float || t == Decimal || t == Money
}

// HasZero reports whether the type has a value that means nothing in particular: without one a field is required unless it may be null or
// has a default.
func (t Type) HasZero() bool {
	switch t {
	case String, Text, Int, Int64, Float, Decimal, Bool, Bytes:
		return true
	default:
		return false
	}
}

// Guarded reports whether the value itself is kept nowhere: of a password there is a hash, of a secret a ciphertext, and neither is in answers.
func (f Field) Guarded() bool { return f.Secret || f.Type == Password }

// Shown reports whether answers have the field.
func (f Field) Shown() bool { return !f.Hidden && !f.Guarded() }

// Private reports whether logs must not have the value.
func (f Field) Private() bool { return f.PII || f.Guarded() }

// MaxLength returns the most code points of a textual field or a password, the most bytes of one that has a size.
func (f Field) MaxLength() int {
	if f.Max != nil {
		n, _ := strconv.Atoi(*f.Max) // checked
		return n
	}
	if p, ok := f.Pattern(); ok {
		return p.Max
	}
	switch f.Type {
	case Text, JSON, Bytes:
		return 65536
	case Password:
		return longestPassword
	case Email:
		return 254
	case URL:
		if f.Filter || f.Sort || f.Unique || f.Index || f.InIndex {
			return sortable
		}
		return 2048
	case Slug:
		return 100
	default:
		return 255
	}
}

// MustBeGiven reports whether a request for a new resource has to hold the field: when nothing can stand in for it, neither null nor a
// default nor the type's zero value, which min and max may rule out.
func (f Field) MustBeGiven() bool {
	return f.Required || !f.Null && f.Default == nil && (!f.Type.HasZero() || !f.zeroFits())
}

func (f Field) zeroFits() bool {
	switch {
	case f.Type.Textual(), f.Type.Sized():
		return f.Min == nil && f.Match == nil
	case f.Type.Numeric():
		return (f.Min == nil || sign(*f.Min) <= 0) && (f.Max == nil || sign(*f.Max) >= 0)
	default:
		return true
	}
}

// sign returns the sign of a number that has been checked.
func sign(s string) int {
	switch {
	case strings.Trim(s, "-0.") == "":
		return 0
	case strings.HasPrefix(s, "-"):
		return -1
	default:
		return 1
	}
}

// Error says what is wrong with one field.
type Error struct {
	Field    string // as written
	Reason   string
	Proposal string // a field that would be taken
}

// Error returns one line.
func (e *Error) Error() string {
	return fmt.Sprintf("field %s: %s; try %s", name.Quote(e.Field), e.Reason, shown(e.Proposal))
}

// ParseAll reads the fields of one resource. It returns everything that is wrong, joined.
func ParseAll(texts []string) ([]Field, error) {
	var fields []Field
	var errs []error
	for _, text := range texts {
		f, err := Parse(text)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if i := slices.IndexFunc(fields, f.clashes); i >= 0 {
			errs = append(errs, &Error{text, "has a name in common with the field " + name.Quote(fields[i].Text), renamed(f, fields)})
			continue
		}
		fields = append(fields, f)
	}
	return fields, errors.Join(errs...)
}

// clashes reports whether two fields cannot stand in one resource: they have one name, or the columns of an amount or an upload have that of the other.
func (f Field) clashes(g Field) bool {
	return slices.ContainsFunc(f.goNames(), func(n string) bool { return slices.Contains(g.goNames(), n) })
}

// goNames are the names that the field takes up in structs.
func (f Field) goNames() []string {
	switch {
	case f.Type == Money:
		return []string{f.Name.Pascal, f.Name.Pascal + "Amount", f.Name.Pascal + "Currency"}
	case f.Type.Refers():
		return []string{f.Name.Pascal, f.Relation.Name.Pascal}
	case f.Type.Uploaded():
		names := []string{f.Name.Pascal}
		for _, end := range f.Type.Parts() {
			names = append(names, name.New(f.Name.Snake+"_"+end).Pascal)
		}
		return names
	}
	return []string{f.Name.Pascal}
}

// Parse reads one field. What is wrong with its name is a *name.Error, anything else an *Error; both have a proposal.
func Parse(text string) (Field, error) {
	f, err := parse(text)
	if _, badName := errors.AsType[*name.Error](err); err != nil && !badName {
		return Field{}, Refuse(text, err.Error())
	}
	return f, err
}

// parse is Parse without proposals for anything but a name.
func parse(text string) (Field, error) {
	fieldName, rest, ok := strings.Cut(text, ":")
	checkName := name.CheckField
	if word, _, _ := strings.Cut(rest, "="); Type(word).Refers() {
		checkName = name.CheckRelation
	}
	if err := checkName(fieldName); err != nil {
		return Field{}, err
	}
	if !ok || rest == "" {
		return Field{}, fmt.Errorf("has no type; write %s:string, or another one of %s", fieldName, list(Types()))
	}
	typeText, modText, hasMods := strings.Cut(rest, ":")
	f := Field{Name: name.New(fieldName), Text: text}
	if err := f.readType(typeText); err != nil {
		return Field{}, err
	}
	if hasMods {
		if err := f.readMods(modText); err != nil {
			return Field{}, err
		}
	}
	if f.Type.Refers() {
		if err := f.refer(); err != nil {
			return Field{}, err
		}
	}
	if f.Type.Uploaded() {
		return f, f.upload()
	}
	return f, f.check()
}

func list[T ~string](words []T) string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = string(w)
	}
	return strings.Join(all, " ")
}

func (f *Field) readType(text string) (err error) {
	word, param, hasParam := strings.Cut(text, "=")
	f.Type = Type(word)
	if !slices.Contains(Types(), f.Type) {
		return fmt.Errorf("the type %s is not known; there are %s", name.Quote(word), list(Types()))
	}
	switch f.Type {
	case Decimal:
		if !hasParam {
			return errors.New("write the digits of a decimal: decimal=12.2 has 12, 2 of them behind the point")
		}
		return f.readDecimal(param)
	case Enum:
		return f.readEnum(param)
	case Ref, XRef:
		return f.readTarget(param)
	case Image:
		if f.Variants, err = spec.Parse(param); err != nil && !short(param) {
			err = errors.New("name the variants of the image: image=thumb.320+hero.1280")
		}
		return err
	}
	if hasParam {
		return fmt.Errorf("the type %s has no parameter", word)
	}
	return nil
}

func (f *Field) readDecimal(param string) (err error) {
	all, behind, _ := strings.Cut(param, ".")
	f.Precision, err = strconv.Atoi(all)
	if err == nil && behind != "" {
		f.Scale, err = strconv.Atoi(behind)
	}
	if err != nil || f.Precision < 1 || f.Precision > 18 || f.Scale < 0 || f.Scale > f.Precision || param != canonical(f.Precision, f.Scale, behind != "") {
		return errors.New("write decimal=P.S with 1 to 18 digits, S of them behind the point: decimal=12.2")
	}
	return nil
}

func canonical(precision, scale int, dotted bool) string {
	if !dotted {
		return strconv.Itoa(precision)
	}
	return fmt.Sprintf("%d.%d", precision, scale)
}

func (f *Field) readEnum(param string) error {
	if param == "" {
		return errors.New("write the words of an enum: enum=draft+published")
	}
	for word := range strings.SplitSeq(param, "+") {
		if !enumWord(word) {
			return fmt.Errorf("the word %s of an enum has to be letters a to z, digits and _, beginning with a letter, at most 40", name.Quote(word))
		}
		if slices.ContainsFunc(f.Words, func(w string) bool { return name.New(w).Pascal == name.New(word).Pascal }) {
			return fmt.Errorf("the word %s stands twice", word)
		}
		f.Words = append(f.Words, word)
	}
	return nil
}

func enumWord(s string) bool {
	if s == "" || len(s) > 40 || s[0] < 'a' || s[0] > 'z' || strings.HasSuffix(s, "_") || strings.Contains(s, "__") {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// readMods reads the modifiers. A value may hold the separators, as a time or an address does: what follows one and is no modifier belongs to
// the value before.
func (f *Field) readMods(text string) error {
	for _, mod := range splitMods(text) {
		word, value, hasValue := strings.Cut(mod, "=")
		if err := f.readMod(word, value, hasValue); err != nil {
			return err
		}
	}
	return nil
}

func splitMods(text string) []string {
	var mods []string
	start := 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && text[i] != ',' && text[i] != ':' {
			continue
		}
		piece := text[start:i]
		word, _, _ := strings.Cut(piece, "=")
		if n := len(mods); n > 0 && (strings.HasPrefix(mods[n-1], "default=") || strings.HasPrefix(mods[n-1], "types=")) && !slices.Contains(Modifiers(), word) {
			mods[n-1] += text[start-1:start] + piece
		} else {
			mods = append(mods, piece)
		}
		start = i + 1
	}
	return mods
}

func (f *Field) readMod(word, value string, hasValue bool) error {
	flags := map[string]*bool{
		"required": &f.Required, "null": &f.Null, "unique": &f.Unique, "index": &f.Index, "noindex": &f.NoIndex,
		"immutable": &f.Immutable, "hidden": &f.Hidden, "filter": &f.Filter, "sort": &f.Sort, "search": &f.Search,
		"pii": &f.PII, "secret": &f.Secret,
	}
	values := map[string]**string{"default": &f.Default, "min": &f.Min, "max": &f.Max, "match": &f.Match, "types": &f.Types}
	examples := map[string]string{"match": "e164", "types": "pdf+png"}
	switch flag, slot := flags[word], values[word]; {
	case flag != nil && hasValue:
		return fmt.Errorf("the modifier %s has no value", word)
	case flag != nil && *flag, slot != nil && *slot != nil:
		return fmt.Errorf("the modifier %s stands twice", word)
	case flag != nil:
		*flag = true
	case slot != nil && value == "":
		return fmt.Errorf("the modifier %[1]s wants a value, %[1]s=%[2]s for instance", word, cmp.Or(examples[word], "20"))
	case slot != nil:
		*slot = &value
	default:
		return fmt.Errorf("the modifier %s is not known; there are %s", name.Quote(word), strings.Join(Modifiers(), " "))
	}
	return nil
}
