package field

import (
	"fmt"
	"strconv"
	"strings"
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
		{"match", f.Match != nil, ""}, {"immutable", f.Immutable, ""}, {"hidden", f.Hidden, ""}, {"secret", f.Secret, ""}, {"filter", f.Filter, ""}, {"sort", f.Sort, ""},
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
	if f.Max == nil {
		return nil
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
