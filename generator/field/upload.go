package field

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/banyan-go/banyan/generator/name"
)

// Uploaded reports whether values are files: they arrive by an operation of their own, and a resource is there before it has one.
func (t Type) Uploaded() bool { return t == Image || t == File }

// Parts are the ends of the names of the columns that an upload has.
func (t Type) Parts() []string {
	if t == Image {
		return []string{"file", "width", "height", "alt"}
	}
	return []string{"file", "label", "size"}
}

// The sizes of uploads, in bytes. An image is decoded in memory.
const (
	usualSize    = 10 << 20
	smallestSize = 1 << 10
	largestImage = 64 << 20
	largestFile  = 1 << 30
)

// upload checks the modifiers of an upload, which is null until there is one.
func (f *Field) upload() error {
	for _, mod := range []struct {
		name string
		set  bool
		why  string
	}{
		{"required", f.Required, "the resource is there before its file: take it away"},
		{"unique", f.Unique, ""}, {"index", f.Index, ""}, {"noindex", f.NoIndex, ""}, {"default", f.Default != nil, ""}, {"min", f.Min != nil, "max=10MiB is the largest one that is taken"},
		{"match", f.Match != nil, ""}, {"types", f.Types != nil && f.Type == Image, "JPEG, PNG, GIF and WebP are taken in any case"},
		{"immutable", f.Immutable, ""}, {"hidden", f.Hidden, ""}, {"secret", f.Secret, ""}, {"filter", f.Filter, ""}, {"sort", f.Sort, ""},
		{"search", f.Search, ""},
	} {
		switch {
		case mod.set && mod.why != "":
			return fmt.Errorf("%s is not for the type %s: %s", mod.name, f.Type, mod.why)
		case mod.set:
			return fmt.Errorf("%s is not for the type %s, whose values are files", mod.name, f.Type)
		}
	}
	f.Null = true
	if err := f.checkTypes(); err != nil || f.Max == nil {
		return err
	}
	most, largest := largestFile, "1GiB"
	if f.Type == Image {
		most, largest = largestImage, "64MiB"
	}
	if n, ok := bytes(*f.Max); !ok || n < smallestSize || n > most {
		return fmt.Errorf("max of the type %s is a size from 1KiB to %s: max=10MiB", f.Type, largest)
	}
	return nil
}

// FileType is one that the first bytes of a file tell for sure, as package files of the platform does.
type FileType struct {
	Word      string // of the grammar
	MediaType string
	Head      string // a file of that type, as short as it can be
}

// FileTypes lists what the modifier types may name. That a file is a text is a guess, so it is none of them.
func FileTypes() []FileType {
	return []FileType{
		{"pdf", "application/pdf", "%PDF-1.7"},
		{"png", "image/png", "\x89PNG\r\n\x1a\n"},
		{"jpeg", "image/jpeg", "\xff\xd8\xff"},
		{"gif", "image/gif", "GIF89a"},
		{"webp", "image/webp", "RIFF\x00\x00\x00\x00WEBPVP8 "},
		{"zip", "application/zip", "PK\x03\x04"},
	}
}

// Taken are the types of the files that an upload may be, in the order in which they are written; none is any.
func (f Field) Taken() []FileType {
	if f.Types == nil {
		return nil
	}
	var all []FileType
	for word := range strings.SplitSeq(*f.Types, "+") {
		if i := slices.IndexFunc(FileTypes(), func(t FileType) bool { return t.Word == word }); i >= 0 {
			all = append(all, FileTypes()[i])
		}
	}
	return all
}

// checkTypes is about the types of the files that are taken.
func (f *Field) checkTypes() error {
	if f.Types == nil {
		return nil
	}
	known := fileWords()
	var seen []string
	for word := range strings.SplitSeq(*f.Types, "+") {
		switch {
		case !slices.Contains(known, word):
			return fmt.Errorf("types=%s: write one or some of %s, joined by +", name.Quote(*f.Types), strings.Join(known, " "))
		case slices.Contains(seen, word):
			return fmt.Errorf("the type %s of a file stands twice", word)
		}
		seen = append(seen, word)
	}
	return nil
}

func fileWords() []string {
	var words []string
	for _, t := range FileTypes() {
		words = append(words, t.Word)
	}
	return words
}

// meantTypes returns the types of files that somebody meant who wrote this, the empty text for none.
func meantTypes(text string) string {
	var meant []string
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !('a' <= r && r <= 'z') }) {
		if word == "jpg" {
			word = "jpeg"
		}
		if slices.Contains(fileWords(), word) && !slices.Contains(meant, word) {
			meant = append(meant, word)
		}
	}
	return strings.Join(meant, "+")
}

// MaxBytes returns the most bytes of an upload.
func (f Field) MaxBytes() int {
	if f.Max == nil {
		return usualSize
	}
	n, _ := bytes(*f.Max) // checked
	return n
}

// units are those of sizes, the largest first.
func units() []string { return []string{"GiB", "MiB", "KiB"} }

// bytes reads a size: "10MiB".
func bytes(text string) (int, bool) {
	for i, unit := range units() {
		digits, ok := strings.CutSuffix(text, unit)
		if !ok {
			continue
		}
		n, err := strconv.Atoi(digits)
		return n << (10 * (len(units()) - i)), err == nil && strconv.Itoa(n) == digits && n > 0 && n < 1<<20
	}
	return 0, false
}
