package images

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/blob"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/files"
	"github.com/banyan-go/banyan/platform/patch"
)

// Errors are what can be wrong with the upload of a picture, for the Op.Errors of its operation.
func Errors() []*fault.Error { return append(files.Errors(), ErrFormat, ErrPixels, ErrBusy) }

// maxAlt is how many characters the field alt of a form has at most.
const maxAlt = 255

// Limit is the api.Op.Upload of an operation that takes one picture by a rule.
func Limit(rule files.Rule) api.UploadLimit {
	l := files.Limit(rule)
	l.Form = map[string]string{"alt": "What there is to see, for those who cannot; empty, or left out, for a picture that only decorates. At most 255 characters."}
	return l
}

// Receive keeps the picture that a request brings, makes its variants, and takes what there is to see on it from the field alt of the form, which has no other
// but file. When it
// fails nothing is left of any of them. It takes as long as the client takes, and as Make does: call it outside of transactions. Its errors may be
// returned to clients.
func (m *Images) Receive(ctx context.Context, in blob.Incoming, rule files.Rule, variants []blob.Variant) (Picture, error) {
	if !m.works() {
		return Picture{}, errNoDriver
	}
	rule.Count, rule.Fields, rule.Values = 1, nil, []string{"alt"}
	up, err := m.files.Receive(ctx, in.ContentType, in.Body, rule)
	if err != nil {
		return Picture{}, err
	}
	p, err := m.take(ctx, up, variants)
	if err != nil {
		return Picture{}, errors.Join(err, m.files.Delete(context.WithoutCancel(ctx), up.Files[0].Name))
	}
	return p, nil
}

func (m *Images) take(ctx context.Context, up files.Upload, variants []blob.Variant) (Picture, error) {
	alt, err := readAlt(up.Values["alt"])
	if err != nil {
		return Picture{}, err
	}
	p, err := m.Make(ctx, up.Files[0].Name, variants)
	p.Alt = alt
	return p, err
}

// readAlt returns what somebody has written about a picture as it is kept.
func readAlt(text string) (string, error) {
	alt := strings.TrimSpace(text)
	var c fault.Checks
	c.That(utf8.RuneCountInString(alt) <= maxAlt, "/alt", "max_length", "must be at most 255 characters long")
	c.That(!strings.Contains(alt, "\x00"), "/alt", "nul", "must not contain the character U+0000")
	return alt, c.Err()
}

// Describe says anew what there is to see on p, and reports whether that is something else than before. Of no picture, a nil one, the error is
// files.ErrNotFound; all errors may be returned to clients.
func Describe(p *Picture, alt patch.Change[string]) (changed bool, err error) {
	if p == nil {
		return false, files.ErrNotFound
	}
	text, told := alt.Get()
	if !told {
		return false, nil
	}
	text, err = readAlt(text)
	if err != nil || text == p.Alt {
		return false, err
	}
	p.Alt = text
	return true, nil
}

// Columns are a picture in a row, under a prefix: a field of a row struct with the tag gorm:"embedded;embeddedPrefix:photo_". The columns are file,
// width, height and alt, and null where there is none.
type Columns struct {
	File   *string
	Width  *int
	Height *int
	Alt    *string
}

// ColumnsOf returns the columns of a picture; nil is none.
func ColumnsOf(p *Picture) Columns {
	if p == nil {
		return Columns{}
	}
	return Columns{File: new(string(p.File)), Width: new(p.Width), Height: new(p.Height), Alt: new(p.Alt)}
}

// Stored returns the name of the upload, the empty one where there is none.
func (c Columns) Stored() blob.Name {
	if c.File == nil {
		return ""
	}
	return blob.Name(*c.File)
}

// Upload returns the picture, with these variants; nil where there is none.
func (c Columns) Upload(variants []blob.Variant) *Picture {
	if c.File == nil {
		return nil
	}
	p := &Picture{File: files.Name(*c.File), Variants: variants}
	if c.Width != nil && c.Height != nil {
		p.Width, p.Height = *c.Width, *c.Height
	}
	if c.Alt != nil {
		p.Alt = *c.Alt
	}
	return p
}
