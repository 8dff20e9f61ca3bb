package resource

import (
	"fmt"
	"strings"

	"github.com/banyan-go/banyan/generator/field"
	"github.com/banyan-go/banyan/generator/name"
)

// Upload is a field whose value is a file: it is in no request, and arrives by an operation of its own.
type Upload struct {
	Go, JSON, Camel, Words string
	A                      string // "a photo"
	Segment                string // of its address below the resource's: "photo"
	Picture                bool   // with variants, and not sent as it is
	Variants               string // Go expressions: the sizes of a picture,
	Size                   string // the most bytes,
	Invented               string // and a value of the contract's type
	Files                  int    // how many are kept of one

	Taken string // Go strings of media types; empty is any

	// For the tests: Go expressions of forms, one that is taken, with its media type, and one that is refused, with its code.
	Form, MediaType, Wrong, Code string
}

// upload works out everything about an upload.
func (v *View) upload(f field.Field) Upload {
	u := Upload{
		Go: f.Name.Pascal, JSON: f.Name.Snake, Camel: f.Name.Camel, Words: f.Name.Words, A: name.Article(f.Name.Words) + " " + f.Name.Words,
		Segment: segment(f), Picture: f.Type == field.Image, Size: byteSize(f.MaxBytes()), Files: 1,
	}
	u.Form, u.Wrong, u.Code = "apptest.Picture()", "apptest.Document()", "file_type"
	if !u.Picture {
		u.Form, u.MediaType, u.Wrong, u.Code = "apptest.Document()", "application/pdf", `apptest.Form{Name: "nothing.pdf"}`, "file_empty"
		if taken := f.Taken(); len(taken) > 0 {
			for _, t := range taken {
				u.Taken = join(u.Taken, quote(t.MediaType))
			}
			one := taken[0]
			u.Form, u.MediaType = fmt.Sprintf("apptest.Form{Name: %q, Content: []byte(%q)}", "one."+one.Word, one.Head), one.MediaType
			u.Wrong, u.Code = `apptest.Form{Name: "text.txt", Content: []byte("text")}`, "file_type"
		}
		u.Invented = `&blob.File{Name: "own-00112233445566778899aabbccddeeff.pdf", Label: "One.pdf", Type: "application/pdf", Size: 7}`
		return u
	}
	u.Files += 2 * len(f.Variants) // in two formats
	var all []string
	for _, variant := range f.Variants {
		all = append(all, fmt.Sprintf("{Name: %q, Width: %d}", variant.Name, variant.Width))
	}
	u.Variants = "[]blob.Variant{" + strings.Join(all, ", ") + "}"
	u.Invented = `&blob.Picture{File: "own-00112233445566778899aabbccddeeff.jpg", Width: 4, Height: 3, Alt: "One", Variants: ` + u.Camel + "Variants()}"
	return u
}

// segment is the last part of the address of an upload.
func segment(f field.Field) string { return strings.ReplaceAll(f.Name.Snake, "_", "-") }

// byteSize is a Go expression: "10 << 20".
func byteSize(n int) string {
	shift := 0
	for n%1024 == 0 {
		n, shift = n/1024, shift+10
	}
	return fmt.Sprintf("%d << %d", n, shift)
}

// present is the Go expression of what clients see of the field of p.
func (c code) present() string {
	value := "p." + c.Name.Pascal
	switch c.Type {
	case field.Image:
		return "api.ShowPicture(" + value + ")"
	case field.File:
		return fmt.Sprintf("api.ShowFile(%s, api.Prefix+\"/%s/%s/\"+p.ID.String()+\"/%s\")", value, c.v.spec.Module, c.v.spec.Address(), segment(c.Field))
	default:
		return value
	}
}

// shownType is the Go type of what clients see.
func (c code) shownType() string {
	switch c.Type {
	case field.Image:
		return "*api.Picture"
	case field.File:
		return "*api.File"
	default:
		return c.goType(true)
	}
}

// uploadColumn is the field of the row struct that has the columns of an upload.
func (c code) uploadColumn() Column {
	owner := "files"
	if c.Type == field.Image {
		owner = "images"
	}
	return Column{
		Go: c.Name.Pascal, GoType: owner + ".Columns", From: owner + ".ColumnsOf(" + c.value() + ")",
		Tag: " `gorm:\"embedded;embeddedPrefix:" + c.Name.Snake + "_\"`",
	}
}

// uploadColumns are those of the table.
func (c code) uploadColumns() []column {
	var list []column
	for _, part := range c.Type.Parts() {
		one := column{name: c.Name.Snake + "_" + part, sqlite: "TEXT", postgres: "varchar(255)", null: true}
		switch part {
		case "file":
			one.postgres = "varchar(100)"
		case "width", "height":
			one.sqlite, one.postgres = "INTEGER", "integer"
		case "size":
			one.sqlite, one.postgres = "INTEGER", "bigint"
		}
		list = append(list, one)
	}
	return list
}
