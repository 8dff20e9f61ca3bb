package files

import (
	"cmp"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/fault"
)

// Received is a file of an upload.
type Received struct {
	Stored
	// Field is the name of the form's field, "" where the file was the body.
	Field string
	// Label is the file's name as the client calls it, without folders and whatever cannot be shown, at most 255 bytes; it may be empty, and it never
	// becomes part of a path.
	Label string
}

// Upload is a form or a file that was sent.
type Upload struct {
	Files  []Received
	Values map[string]string // the other fields of a form, the first one of each name
}

// What can be wrong with the form of an upload. Compare with errors.Is.
var (
	ErrNoFile  = fault.New(fault.Invalid, "file_missing", "There is no file in the request.")
	ErrTooMany = fault.New(fault.Invalid, "too_many_files", "There are more files in the request than may be.")
	ErrForm    = fault.New(fault.Malformed, "bad_form", "The body is not the form that Content-Type says.")
)

const (
	maxParts = 100
	maxValue = 64 << 10 // bytes of a field that is no file
	maxLabel = 255
)

// Receive keeps the files of a request: those of a form (multipart/form-data), or the body as one file. It reads body to its end while that
// arrives. A form has no fields but those of the rule. When it fails, nothing is left of any of them. Its errors may be returned to clients.
func (f *Files) Receive(ctx context.Context, contentType string, body io.Reader, rule Rule) (Upload, error) {
	mediaType, params, err := mime.ParseMediaType(contentType)
	if strings.HasPrefix(strings.ToLower(contentType), "multipart/") && (err != nil || mediaType != "multipart/form-data" || params["boundary"] == "") {
		return Upload{}, ErrForm
	}
	var up Upload
	if mediaType == "multipart/form-data" {
		err = f.receiveForm(ctx, multipart.NewReader(body, params["boundary"]), rule, &up)
	} else {
		err = f.receiveFile(ctx, body, rule, Received{}, &up)
	}
	if err == nil && len(up.Files) == 0 {
		err = ErrNoFile
	}
	if err == nil {
		_, err = io.Copy(io.Discard, body) // what stands behind the form, or says that the body has ended
	}
	if err != nil {
		return Upload{}, errors.Join(err, f.forget(ctx, up.Files))
	}
	return up, nil
}

// forget removes what was kept of an upload that failed, also when its time is over.
func (f *Files) forget(ctx context.Context, received []Received) error {
	var wrong []error
	for _, r := range received {
		wrong = append(wrong, f.Delete(context.WithoutCancel(ctx), r.Name))
	}
	return errors.Join(wrong...)
}

func (f *Files) receiveFile(ctx context.Context, body io.Reader, rule Rule, r Received, up *Upload) (err error) {
	if r.Stored, err = f.Put(ctx, body, rule); err == nil {
		up.Files = append(up.Files, r)
	}
	return err
}

func (f *Files) receiveForm(ctx context.Context, form *multipart.Reader, rule Rule, up *Upload) error {
	up.Values = map[string]string{}
	for range maxParts + 1 { // the last time there is none
		part, err := form.NextRawPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return formError(err)
		}
		if err := f.receivePart(ctx, part, rule, up); err != nil {
			return formError(err)
		}
	}
	return ErrTooMany
}

func (f *Files) receivePart(ctx context.Context, part *multipart.Part, rule Rule, up *Upload) error {
	_, params, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition")) // FileName is too clever for an empty one
	_, isFile := params["filename"]
	if err := rule.knows(part.FormName(), isFile); err != nil {
		return err
	}
	if !isFile {
		value, err := io.ReadAll(io.LimitReader(part, maxValue+1))
		if err != nil {
			return err
		}
		if len(value) > maxValue || !utf8.Valid(value) {
			return ErrForm
		}
		if _, there := up.Values[part.FormName()]; !there {
			up.Values[part.FormName()] = string(value)
		}
		return nil
	}
	if params["filename"] == "" { // what a browser sends for a field that nobody has filled
		if n, err := io.Copy(io.Discard, io.LimitReader(part, 1)); n == 0 || err != nil {
			return err
		}
		return ErrForm
	}
	if len(up.Files) == cmp.Or(rule.Count, 1) {
		return ErrTooMany
	}
	return f.receiveFile(ctx, part, rule, Received{Field: part.FormName(), Label: label(params["filename"])}, up)
}

// knows returns nil for a field that a form may have, with a file or without one.
func (r Rule) knows(field string, isFile bool) error {
	files := r.Fields
	if len(files) == 0 {
		files = []string{"file"}
	}
	kind, others, detail := r.Values, files, "must be a file: send it with a filename"
	if isFile {
		kind, others, detail = files, r.Values, "must be text: send it without a filename"
	}
	switch {
	case slices.Contains(kind, field):
		return nil
	case slices.Contains(others, field):
		return fault.InvalidFields(fault.Field{Pointer: "/" + field, Code: "type", Detail: detail})
	default:
		return fault.InvalidFields(api.UnknownField(field, slices.Concat(files, r.Values)))
	}
}

// formError keeps the errors that are answers, and makes ErrForm of what the reader of forms says.
func formError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, multipart.ErrMessageTooLarge) || strings.HasPrefix(err.Error(), "multipart: ") || strings.HasPrefix(err.Error(), "mime: ") || strings.Contains(err.Error(), "malformed MIME header") {
		return ErrForm.Because(err)
	}
	return err
}

// label returns a name as the client calls it, fit to be shown.
func label(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, name)
	for len(name) > maxLabel {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	if strings.Trim(name, "./") == "" {
		return ""
	}
	return name
}
