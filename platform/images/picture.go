package images

import (
	"cmp"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"github.com/banyan-go/banyan/platform/images/spec"
)

// Show is how a page shows a picture.
type Show struct {
	// Alt says what there is to see, for those who cannot; empty for a picture that only decorates.
	Alt string
	// Sizes says how wide the picture is on the page, as the attribute sizes does: "(min-width: 60rem) 20rem, 50vw". Empty is the width of the window.
	Sizes string
	// Eager loads it at once: for what is seen without scrolling.
	Eager bool
	// Class is that of the element img.
	Class string
}

// HTML returns the element picture: the browser chooses the width that it needs, in WebP where it can, and loads it when it is about to be seen.
// Width and height keep its place free until then. Everything in it is escaped.
func (p Picture) HTML(s Show) template.HTML {
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
	attr("srcset", p.Srcset(extWebP))
	attr("sizes", sizes)
	b.WriteString(`><img`)
	attr("src", p.name(shown[len(shown)-1], extJPEG).Path())
	attr("srcset", p.Srcset(extJPEG))
	attr("sizes", sizes)
	attr("width", strconv.Itoa(p.Width))
	attr("height", strconv.Itoa(p.Height))
	attr("alt", s.Alt)
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

// Srcset returns the files of the variants with their widths, the smallest first, with the ending webp or jpg.
func (p Picture) Srcset(ext string) string {
	var all []string
	for _, v := range p.shown() {
		all = append(all, p.name(v, ext).Path()+" "+strconv.Itoa(min(v.Width, p.Width))+"w")
	}
	return strings.Join(all, ", ")
}

// shown are the variants from the smallest to the largest, one for each width that they really have.
func (p Picture) shown() []spec.Variant {
	all := slices.Clone(p.Variants)
	slices.SortFunc(all, func(a, b spec.Variant) int { return a.Width - b.Width })
	return slices.CompactFunc(all, func(a, b spec.Variant) bool { return min(a.Width, p.Width) == min(b.Width, p.Width) })
}
