package blob

import (
	"cmp"
	"html/template"
	"slices"
	"strconv"
	"strings"
)

// Variant is a size of an image.
type Variant struct {
	Name  string // "thumb": lower case letters and digits, a letter first, at most 20
	Width int    // pixels, at most; a smaller image stays as it is
}

// String writes the variant as package images/spec reads it, "thumb.320". It is also a part of the name of its file.
func (v Variant) String() string { return v.Name + "." + strconv.Itoa(v.Width) }

// Picture is an image that somebody has uploaded, with its variants. A nil one is none.
type Picture struct {
	File          Name // the upload, which is private
	Width, Height int  // pixels, upright
	Alt           string
	Variants      []Variant
}

// Show is how a page shows a picture.
type Show struct {
	// Alt says what there is to see, for those who cannot; empty for what the picture says of itself, which is empty for one that only decorates.
	Alt string
	// Sizes says how wide the picture is on the page, as the attribute sizes does: "(min-width: 60rem) 20rem, 50vw". Empty is the width of the window.
	Sizes string
	// Eager loads it at once: for what is seen without scrolling.
	Eager bool
	// Class is that of the element img.
	Class string
}

// HTML returns the element picture: the browser chooses the width that it needs, in WebP where it can, and loads it when it is about to be seen.
// Width and height keep its place free until then. Everything in it is escaped. Of a nil picture, or one
// without variants, it is empty.
func (p *Picture) HTML(s Show) template.HTML {
	shown := p.shown()
	if len(shown) == 0 {
		return ""
	}
	var b strings.Builder
	attr := func(name, value string) {
		b.WriteString(" " + name + `="` + template.HTMLEscapeString(value) + `"`)
	}
	sizes := cmp.Or(s.Sizes, "100vw")
	b.WriteString(`<picture><source type="image/webp"`)
	attr("srcset", p.Srcset(WebP))
	attr("sizes", sizes)
	b.WriteString(`><img`)
	attr("src", p.Named(shown[len(shown)-1], JPEG).Path())
	attr("srcset", p.Srcset(JPEG))
	attr("sizes", sizes)
	attr("width", strconv.Itoa(p.Width))
	attr("height", strconv.Itoa(p.Height))
	attr("alt", cmp.Or(s.Alt, p.Alt))
	if s.Class != "" {
		attr("class", s.Class)
	}
	if s.Eager {
		attr("fetchpriority", "high")
	} else {
		attr("loading", "lazy")
	}
	attr("decoding", "async")
	b.WriteString(`></picture>`)
	return template.HTML(b.String()) //nolint:gosec // escaped above
}

// The endings of the files that are made of a picture.
const (
	WebP = "webp"
	JPEG = "jpg"
)

// Named is the name of the file of a variant.
func (p *Picture) Named(v Variant, ext string) Name { return p.File.PublicVariant(v.String(), ext) }

// Srcset returns the files of the variants with their widths, the smallest first, with the ending WebP or JPEG.
func (p *Picture) Srcset(ext string) string {
	var all []string
	for _, v := range p.shown() {
		all = append(all, p.Named(v, ext).Path()+" "+strconv.Itoa(min(v.Width, p.Width))+"w")
	}
	return strings.Join(all, ", ")
}

// shown are the variants from the smallest to the largest, one for each width that they really have.
func (p *Picture) shown() []Variant {
	if p == nil {
		return nil
	}
	all := slices.Clone(p.Variants)
	slices.SortFunc(all, func(a, b Variant) int { return a.Width - b.Width })
	return slices.CompactFunc(all, func(a, b Variant) bool { return min(a.Width, p.Width) == min(b.Width, p.Width) })
}
