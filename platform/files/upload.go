package files

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/blob"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/fault"
)

// Errors are what can be wrong with an upload, for the Op.Errors of its operation.
func Errors() []*fault.Error {
	return []*fault.Error{ErrTooLarge, ErrType, ErrEmpty, ErrFull, ErrNoFile, ErrTooMany, ErrForm}
}

// The time that an upload has: slowest is what a bad telephone line does.
const (
	leastTime = 30 * time.Second
	slowest   = 128 << 10 // bytes a second
)

// Limit is the api.Op.Upload of an operation that takes one file by a rule.
func Limit(rule Rule) api.UploadLimit {
	const form = 128 << 10 // what stands around the file
	size := cmp.Or(rule.Size, defaultSize)
	return api.UploadLimit{Size: size + form, Time: leastTime + time.Duration(size/slowest)*time.Second, Types: rule.Types}
}

// ReceiveOne is Receive for a request with one file, whose form has the field file and no other.
func (f *Files) ReceiveOne(ctx context.Context, in blob.Incoming, rule Rule) (blob.File, error) {
	rule.Count, rule.Fields, rule.Values = 1, nil, nil
	up, err := f.Receive(ctx, in.ContentType, in.Body, rule)
	if err != nil {
		return blob.File{}, err
	}
	r := up.Files[0]
	return blob.File{Name: r.Name, Label: r.Label, Type: r.Type, Size: r.Size}, nil
}

// DropAfterCommit removes the files of had that are not among has, once the transaction of ctx is committed; without one, at once. What cannot be removed
// stays, and a line in the log says so: what was committed is true in any case.
func (f *Files) DropAfterCommit(ctx context.Context, had, has []Name) {
	gone := slices.DeleteFunc(slices.Clone(had), func(n Name) bool { return slices.Contains(has, n) })
	if len(gone) == 0 {
		return
	}
	db.AfterCommit(ctx, func(ctx context.Context) {
		for _, n := range gone {
			if err := f.Delete(ctx, n); err != nil {
				f.log.WarnContext(ctx, "a file that nothing refers to any more was not removed", "file", string(n), "error", err.Error())
			}
		}
	})
}

// Content is the answer of an operation that sends a file, under its label; nil is answered as ErrNotFound. The caller has decided who may have it.
func (f *Files) Content(file *blob.File) *api.Content {
	return api.NewContent(func(ctx context.Context, fctx *fasthttp.RequestCtx) error {
		if file == nil {
			return ErrNotFound
		}
		return f.Send(ctx, fctx, file.Name, file.Label)
	})
}

// Columns are a file in a row, under a prefix: a field of a row struct with the tag gorm:"embedded;embeddedPrefix:manual_". The columns are file,
// label and size, and null where there is none.
type Columns struct {
	File  *string
	Label *string
	Size  *int64
}

// ColumnsOf returns the columns of a file; nil is none.
func ColumnsOf(f *blob.File) Columns {
	if f == nil {
		return Columns{}
	}
	return Columns{File: new(string(f.Name)), Label: new(f.Label), Size: new(f.Size)}
}

// Stored returns the name of the file, the empty one where there is none.
func (c Columns) Stored() Name { return Name(value(c.File)) }

// Upload returns the file, nil where there is none.
func (c Columns) Upload() *blob.File {
	if c.File == nil {
		return nil
	}
	name := Name(*c.File)
	return &blob.File{Name: name, Label: value(c.Label), Type: TypeOf(name), Size: value(c.Size)}
}

// value is what p points to, the zero value for nil.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
