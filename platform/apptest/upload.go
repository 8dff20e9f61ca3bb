package apptest

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"io"
	"io/fs"
	"maps"
	"mime/multipart"
	"net/http"
	"os"
	"path"
	"slices"

	"github.com/banyan-go/banyan/platform/blob"
)

// Form is a form with a file, as a browser sends it.
type Form struct {
	Name    string // of the file, as the client calls it
	Content []byte
	Values  map[string]string // the other fields
}

// Picture returns a form with a small picture, and what there is to see on it.
func Picture() Form {
	img := image.NewRGBA(image.Rect(0, 0, 40, 30))
	for x := range 40 {
		for y := range 30 {
			img.SetRGBA(x, y, color.RGBA{uint8(6 * x), uint8(8 * y), 90, 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err) // of a buffer, and of an image that it takes
	}
	return Form{Name: "picture.png", Content: b.Bytes(), Values: map[string]string{"alt": "Two colours"}}
}

// Document returns a form with a small PDF.
func Document() Form {
	return Form{Name: "document.pdf", Content: []byte("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")}
}

// encode writes the form as a body. Writing to a buffer never fails.
func (f Form) encode() (contentType string, body *bytes.Buffer) {
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	for _, name := range slices.Sorted(maps.Keys(f.Values)) {
		_ = w.WriteField(name, f.Values[name])
	}
	part, _ := w.CreateFormFile("file", f.Name)
	_, _ = part.Write(f.Content)
	_ = w.Close()
	return w.FormDataContentType(), body
}

// Arriving returns the form as a use case gets it. Meanwhile is called when its first bytes are read: behind what looks whether it is wanted.
func (f Form) Arriving(meanwhile func()) blob.Incoming {
	contentType, body := f.encode()
	return blob.Incoming{ContentType: contentType, Body: io.MultiReader(&signal{call: meanwhile}, body)}
}

// signal is a reader of nothing, which calls a function.
type signal struct{ call func() }

// Read is part of io.Reader.
func (s *signal) Read([]byte) (int, error) {
	s.call()
	return 0, io.EOF
}

// Upload sends a form by PUT. Headers are given as pairs of name and value.
func (a *App) Upload(path string, f Form, headers ...string) *Response {
	a.t.Helper()
	contentType, body := f.encode()
	return a.Do(http.MethodPut, path, body.String(), append([]string{"Content-Type", contentType}, headers...)...)
}

// Files returns the names of the files that the application keeps. It fails the test for one that At has returned.
func (a *App) Files() []blob.Name {
	a.t.Helper()
	if a.app == nil {
		a.t.Fatal("the files of an application in another process are not known")
	}
	var names []blob.Name
	err := fs.WalkDir(os.DirFS(a.files), ".", func(file string, _ fs.DirEntry, err error) error {
		if name, ok := blob.ParseName(path.Base(file)); ok {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return names
}

// WantFiles fails the test unless the application keeps that many files, what was made of pictures among them.
func (a *App) WantFiles(n int) {
	a.t.Helper()
	if kept := a.Files(); len(kept) != n {
		a.t.Errorf("%d files are kept, want %d: %v", len(kept), n, kept)
	}
}
