package files

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"
)

// Prefix is where the addresses of public files begin.
const Prefix = "/files/"

// Name is the name of a file in the store: "pub-5f1d…c3.jpg" of a public one, "own-5f1d…c3.pdf" of every other, and "pub-5f1d…c3-thumb.320.webp" of what was made
// of the former. Modules keep it in a column of text, at most 100 letters.
type Name string

// The beginnings of names.
const (
	public  = "pub-"
	private = "own-"
	digits  = 32 // of the random part: 128 bits
)

// newName draws a name.
func newName(isPublic bool, ext string) Name {
	var random [digits / 2]byte
	_, _ = rand.Read(random[:]) // it never fails
	begin := private
	if isPublic {
		begin = public
	}
	return Name(begin + hex.EncodeToString(random[:]) + "." + ext)
}

// ParseName reads a name, from an address for instance. What is no name of this package is false; such text never reaches a store.
func ParseName(text string) (Name, bool) {
	rest, ok := strings.CutPrefix(text, public)
	if !ok {
		if rest, ok = strings.CutPrefix(text, private); !ok {
			return "", false
		}
	}
	if len(text) > 100 || len(rest) < digits+len(".x") || strings.Trim(rest[:digits], "0123456789abcdef") != "" {
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

// stem is what the name has in common with those of its variants.
func (n Name) stem() string { return string(n[:min(len(n), len(public)+digits)]) }

// Variant is the name of what is made of the file: the same each time. Variant is lower case letters, digits, dots and -, ext the ending.
func (n Name) Variant(variant, ext string) Name { return Name(n.stem() + "-" + variant + "." + ext) }

// PublicVariant is Variant for what everybody may see of a file, also of a private one, whose own name it tells but for its ending.
func (n Name) PublicVariant(variant, ext string) Name {
	return public + n.Variant(variant, ext)[len(public):]
}

// ext returns the ending.
func (n Name) ext() string { return string(n[strings.LastIndexByte(string(n), '.')+1:]) }

// Type returns the media type that follows from the ending.
func (n Name) Type() string {
	for _, k := range kinds() {
		if k.ext == n.ext() {
			return k.mediaType
		}
	}
	return unknown().mediaType
}

// kind is a sort of file that is told by its first bytes.
type kind struct {
	mediaType, ext string
	shown          bool // by browsers, in a page of ours; everything else is saved
}

// kinds are what is told apart. What runs, HTML, SVG and scripts, is none of them on purpose.
func kinds() []kind {
	return []kind{
		{"image/jpeg", "jpg", true},
		{"image/png", "png", true},
		{"image/gif", "gif", true},
		{"image/webp", "webp", true},
		{"application/pdf", "pdf", false},
		{"application/zip", "zip", false},
		{"text/plain", "txt", false},
	}
}

// unknown is every other sort.
func unknown() kind { return kind{mediaType: "application/octet-stream", ext: "bin"} }

// sniffed is how many bytes tell the sort of a file.
const sniffed = 512

// sniff tells the sort of a file by its first bytes.
func sniff(head []byte) kind {
	mediaType, _, _ := strings.Cut(http.DetectContentType(head), ";")
	for _, k := range kinds() {
		if k.mediaType == mediaType {
			return k
		}
	}
	return unknown()
}
