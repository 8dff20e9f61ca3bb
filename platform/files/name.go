package files

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/banyan-go/banyan/platform/blob"
)

// Prefix is where the addresses of public files begin.
const Prefix = blob.Prefix

// Name is the name of a file in the store.
type Name = blob.Name

// ParseName reads a name, from an address for instance. What is no name of this package is false; such text never reaches a store.
func ParseName(text string) (Name, bool) { return blob.ParseName(text) }

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

// TypeOf returns the media type that follows from the ending of a name.
func TypeOf(n Name) string {
	for _, k := range kinds() {
		if k.ext == n.Ext() {
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
