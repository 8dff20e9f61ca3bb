// Package grammartest draws descriptions of resources at random: some that ought to be taken, some that ought not. What ought to be taken was
// written down from the design of fields and columns alone, as it is told to people, and never from package field; nothing here imports the
// generator. So the two can disagree, and where they do, one of them is wrong.
package grammartest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// Description is a resource as somebody would type it.
type Description struct {
	Module, Name  string
	Fields        []string
	Index, Unique []string
	SoftDelete    bool
	Auth, Read    string
	RequireMatch  bool
	Cache         string
	// Valid says that the grammar would take it.
	Valid bool
}

// String returns the arguments of banyan generate resource.
func (d Description) String() string {
	words := append([]string{d.Module + "/" + d.Name}, d.Fields...)
	for _, index := range d.Index {
		words = append(words, "--index", index)
	}
	for _, unique := range d.Unique {
		words = append(words, "--unique", unique)
	}
	return fmt.Sprintf("%q", words)
}

// Source draws descriptions. The same seed gives the same ones. It is not safe for concurrent use.
type Source struct{ rand *rand.Rand }

// New returns the source of a seed.
func New(seed uint64) *Source { return &Source{rand.New(rand.NewPCG(seed, 0))} }

// Valid draws a description that the grammar takes.
func (s *Source) Valid() Description {
	d := Description{Module: s.module(), Valid: true, SoftDelete: s.chance(10), RequireMatch: s.chance(10), Auth: s.pick("public", "session", "token"), Cache: s.pick("", "", "1s", "90s", "1h30m", "24h")}
	if d.Auth != "public" && s.chance(30) {
		d.Read = "public"
	}
	for d.Name == "" || d.Name == d.Module {
		d.Name = s.resource()
	}
	var fields []field
	for range 1 + s.rand.IntN(6) {
		f := s.field()
		if !slices.ContainsFunc(fields, f.clashes) {
			fields = append(fields, f)
			d.Fields = append(d.Fields, f.String())
		}
	}
	if index := s.composite(fields, field.ordered); index != "" && s.chance(30) {
		d.Index = append(d.Index, index)
	}
	if unique := s.composite(fields, func(f field) bool { return f.ordered() && f.distinct() && f.fallback == "" }); unique != "" && s.chance(20) {
		d.Unique = append(d.Unique, unique)
	}
	return d
}

// composite joins two or three fields that stand in an index.
func (s *Source) composite(fields []field, fits func(field) bool) string {
	var names []string
	for _, f := range fields {
		if fits(f) {
			names = append(names, f.column())
		}
	}
	s.rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	if len(names) < 2 {
		return ""
	}
	return strings.Join(names[:min(len(names), 2+s.rand.IntN(2))], "+")
}

func (s *Source) chance(percent int) bool { return s.rand.IntN(100) < percent }

func (s *Source) pick(words ...string) string { return words[s.rand.IntN(len(words))] }

func (s *Source) between(least, most int) int { return least + s.rand.IntN(most-least+1) }

// field is name ":" type [ "=" param ] { ":" mods }.
type field struct {
	name, kind, param string
	fallback          string // default=
	mods              []string
	guarded           bool // nothing of it is found, shown or logged
}

func (f field) String() string {
	text := f.name + ":" + f.kind
	if f.param != "" {
		text += "=" + f.param
	}
	if len(f.mods) > 0 {
		text += ":" + strings.Join(f.mods, ",")
	}
	return text
}

// clashes reports whether two fields have one column, or one name in Go, which knows no underscores. An amount has two columns, an upload three or four.
func (f field) clashes(g field) bool {
	names := func(f field) []string {
		plain := strings.ReplaceAll(f.name, "_", "")
		switch {
		case f.kind == "money":
			return []string{plain, plain + "amount", plain + "currency"}
		case f.refers():
			return []string{plain, plain + "id"}
		case f.kind == "image":
			return []string{plain, plain + "file", plain + "width", plain + "height", plain + "alt"}
		case f.kind == "file":
			return []string{plain, plain + "file", plain + "label", plain + "size"}
		}
		return []string{plain}
	}
	return slices.ContainsFunc(names(f), func(n string) bool { return slices.Contains(names(g), n) })
}

// refers reports whether values are ids of a resource, so that the column has _id at its end.
func (f field) refers() bool { return f.kind == "ref" || f.kind == "xref" }

// column is the name of the column of a field that has one.
func (f field) column() string {
	if f.refers() {
		return f.name + "_id"
	}
	return f.name
}

// ordered reports whether the field is one column whose values can be compared: an amount is two, json and bytes are documents, a text has up to
// 65,536 characters, and of passwords and secrets only a hash or a ciphertext is there.
func (f field) ordered() bool {
	return !f.guarded && !slices.Contains([]string{"text", "money", "json", "bytes", "password", "image", "file"}, f.kind)
}

// distinct reports whether rows can differ in the field at all.
func (f field) distinct() bool { return f.kind != "bool" && f.kind != "enum" }

func (f field) textual() bool {
	return slices.Contains([]string{"string", "text", "email", "url", "slug"}, f.kind)
}

// kinds are the types.
func kinds() []string {
	return []string{"string", "string", "string", "text", "int", "int64", "float", "decimal", "bool", "date", "time", "uuid", "json", "bytes", "email", "url",
		"slug", "money", "password", "enum", "ref", "xref", "image", "file"}
}

func (s *Source) field() field {
	f := field{name: s.fieldName(), kind: s.pick(kinds()...)}
	switch f.kind {
	case "ref", "xref":
		return s.relation(f.kind)
	case "image", "file":
		return s.upload(f)
	case "decimal":
		digits := s.between(1, 18)
		f.param = fmt.Sprintf("%d.%d", digits, s.rand.IntN(min(digits, 6)+1))
	case "enum":
		f.param = strings.Join(s.some(1+s.rand.IntN(4), "draft", "live", "archived", "in_review", "paid", "open", "closed", "v2", "red", "none"), "+")
	case "password":
		f.guarded = true
	case "string", "text", "json", "bytes":
		f.guarded = s.chance(8)
	}
	if f.guarded && f.kind != "password" {
		f.mods = append(f.mods, "secret")
	}
	f.mods = append(f.mods, s.presence(&f)...)
	f.mods = append(f.mods, s.bounds(f)...)
	f.mods = append(f.mods, s.queries(f)...)
	if s.chance(10) {
		f.mods = append(f.mods, "immutable")
	}
	if !f.guarded && s.chance(8) {
		f.mods = append(f.mods, "pii")
	}
	if f.kind == "string" && f.fallback == "" && !f.guarded && s.chance(5) && !slices.ContainsFunc(f.mods, bound) {
		f.mods = append(f.mods, "match="+s.pick("e164", "hex_color", "semver"))
	}
	s.rand.Shuffle(len(f.mods), func(i, j int) { f.mods[i], f.mods[j] = f.mods[j], f.mods[i] })
	return f
}

// relation draws a field that refers to a resource: by the name of what is meant, which has no _id at its end and room for one.
func (s *Source) relation(kind string) field {
	f := field{kind: kind, param: map[string]string{"ref": "zone", "xref": "territory.zone"}[kind]}
	for f.name == "" || strings.HasSuffix(f.name, "_id") || len(f.name) > 21 {
		f.name = s.fieldName()
	}
	for _, mod := range [][]string{{"null", "required"}, {"unique", "noindex"}, {"immutable"}, {"filter"}} {
		if s.chance(40) {
			f.mods = append(f.mods, s.pick(mod...))
		}
	}
	return f
}

// upload draws the sizes of an image, and how large it may be when it comes. It is null before that, which may be said.
func (s *Source) upload(f field) field {
	if f.kind == "image" {
		var variants []string
		for i, name := range s.some(s.between(1, 4), "thumb", "card", "hero", "x2", "wide") {
			variants = append(variants, fmt.Sprintf("%s.%d", name, s.between(16, 1000)+1000*i))
		}
		f.param = strings.Join(variants, "+")
	}
	mods := []string{"null", "pii", fmt.Sprintf("max=%d%s", s.between(1, 60), s.pick("KiB", "MiB"))}
	if f.kind == "file" {
		mods = append(mods, "types="+strings.Join(s.some(s.between(1, 6), "pdf", "png", "jpeg", "gif", "webp", "zip"), "+"))
	}
	for _, mod := range mods {
		if s.chance(25) {
			f.mods = append(f.mods, mod)
		}
	}
	return f
}

func bound(mod string) bool { return strings.HasPrefix(mod, "min=") || strings.HasPrefix(mod, "max=") }

// presence draws how a field may be left out: not at all, as null, as its default. A hidden one is in no request, so it has one of the two.
func (s *Source) presence(f *field) []string {
	fallback := s.fallback(*f)
	choice := s.rand.IntN(100)
	switch {
	case choice < 25:
		return []string{"required"}
	case choice < 45:
		if !f.guarded && s.chance(10) {
			f.guarded = true // what is hidden is not asked for
			return []string{"null", "hidden"}
		}
		return []string{"null"}
	case choice < 60 && fallback != "":
		f.fallback = fallback
		return []string{"default=" + fallback}
	default:
		return nil
	}
}

// fallback draws a default, none for what would stand in the source for everybody to read, is a document, or an amount without a currency.
func (s *Source) fallback(f field) string {
	if f.guarded {
		return ""
	}
	switch f.kind {
	case "string", "text":
		return s.pick("new", "to do", "not yet known", "R&D", "50 %", "slow, but sure", "Zürich", "n/a")
	case "int", "int64":
		return strconv.Itoa(s.between(-100, 100))
	case "float":
		return s.pick("0.5", "-1.25", "3", "99.9")
	case "decimal":
		return "0"
	case "bool":
		return s.pick("true", "false")
	case "date":
		return fmt.Sprintf("%d-%02d-%02d", s.between(1900, 2100), s.between(1, 12), s.between(1, 28))
	case "time":
		return fmt.Sprintf("%d-%02d-%02dT%02d:30:00Z", s.between(1970, 2100), s.between(1, 12), s.between(1, 28), s.rand.IntN(24))
	case "uuid":
		return fmt.Sprintf("%08x-2b3c-7d4e-8f5a-%012x", s.rand.Uint32(), s.rand.Uint32())
	case "email":
		return s.pick("nobody@example.com", "first.last@mail.example.org")
	case "url":
		return s.pick("https://example.com/", "http://localhost:8080/a?b=c")
	case "slug":
		return s.pick("summer-sale", "news", "page-2")
	case "enum":
		word, _, _ := strings.Cut(f.param, "+")
		return word
	default:
		return ""
	}
}

// bounds draws min and max: lengths of texts, sizes, numbers. A default lies between them.
func (s *Source) bounds(f field) []string {
	if f.fallback != "" || !s.chance(25) {
		return nil
	}
	var least, most int
	switch f.kind {
	case "string":
		if least, most = s.between(1, 20), s.between(20, 255); s.chance(10) {
			most = s.between(256, 4000)
		}
	case "text":
		least, most = s.between(1, 100), s.between(100, 65536)
	case "email", "url", "slug":
		return []string{fmt.Sprintf("max=%d", s.between(50, 200))}
	case "json", "bytes":
		return []string{fmt.Sprintf("max=%d", s.between(100, 100000))}
	case "password":
		least, most = s.between(8, 16), s.between(32, 128)
	case "int", "int64", "float", "money":
		least, most = s.between(-1000, 1000), s.between(1000, 1000000)
	case "decimal": // which may have no digit before the point
		return []string{"min=0"}
	default:
		return nil
	}
	both := []string{fmt.Sprintf("min=%d", least), fmt.Sprintf("max=%d", most)}
	return both[s.rand.IntN(2):]
}

// queries draws what a list can do with a field, and its indexes.
func (s *Source) queries(f field) []string {
	var mods []string
	if !f.guarded && f.textual() && s.chance(15) {
		mods = append(mods, "search")
	}
	if !f.ordered() {
		return mods
	}
	listed := false
	for _, mod := range []string{"filter", "sort"} {
		if s.chance(20) {
			mods, listed = append(mods, mod), true
		}
	}
	switch {
	case f.distinct() && f.fallback == "" && s.chance(12):
		mods = append(mods, "unique")
	case listed && s.chance(15):
		mods = append(mods, "noindex")
	case s.chance(8):
		mods = append(mods, "index")
	}
	return mods
}

// some draws n different words.
func (s *Source) some(n int, words ...string) []string {
	s.rand.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
	return words[:min(n, len(words))]
}
