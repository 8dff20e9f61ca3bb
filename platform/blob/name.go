package blob

import "strings"

// Prefix is where the addresses of public files begin.
const Prefix = "/files/"

// Name is the name of a file in the store: "pub-5f1d…c3.jpg" of a public one, "own-5f1d…c3.pdf" of every other, and "pub-5f1d…c3-thumb.320.webp" of what was made
// of the former. Modules keep it in a column of text, at most 100 letters. The empty one is that of no file.
type Name string

// The beginnings of names.
const (
	public  = "pub-"
	private = "own-"
	digits  = 32 // of the random part: 128 bits
)

// MaxName is how many letters a name has at most.
const MaxName = 100

// ParseName reads a name, from an address for instance. What is no name of a file is false; such text never reaches a store.
func ParseName(text string) (Name, bool) {
	rest, ok := strings.CutPrefix(text, public)
	if !ok {
		if rest, ok = strings.CutPrefix(text, private); !ok {
			return "", false
		}
	}
	if len(text) > MaxName || len(rest) < digits+len(".x") || strings.Trim(rest[:digits], "0123456789abcdef") != "" {
		return "", false
	}
	rest = rest[digits:]
	if rest[0] != '-' && rest[0] != '.' || strings.Contains(rest, "..") || strings.HasSuffix(rest, ".") || !strings.Contains(rest, ".") {
		return "", false
	}
	if strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
		return "", false
	}
	return Name(text), true
}

// Public reports whether everybody may load the file.
func (n Name) Public() bool { return strings.HasPrefix(string(n), public) }

// Path is that of the address of a public file.
func (n Name) Path() string { return Prefix + string(n) }

// Stem is what the name has in common with those of its variants.
func (n Name) Stem() string { return string(n[:min(len(n), len(public)+digits)]) }

// Ext is its ending, without the dot.
func (n Name) Ext() string { return string(n[strings.LastIndexByte(string(n), '.')+1:]) }

// Variant is the name of what is made of the file: the same each time. Variant is lower case letters, digits, dots and -, ext the ending.
func (n Name) Variant(variant, ext string) Name { return Name(n.Stem() + "-" + variant + "." + ext) }

// PublicVariant is Variant for what everybody may see of a file, also of a private one, whose own name it tells but for its ending.
func (n Name) PublicVariant(variant, ext string) Name {
	return public + n.Variant(variant, ext)[len(public):]
}
