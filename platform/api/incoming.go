package api

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
	"github.com/banyan-go/banyan/platform/blob"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/patch"
)

// Incoming is a body that the handler reads while it arrives: the Body of an In whose Op.Upload bounds it; http.body_limit does not count. Reading ends
// with an error of the platform's, to be returned as it is, when more than the limit comes or when it takes longer. What the handler leaves unread
// ends the connection.
type Incoming = blob.Incoming

// errCodedUpload: how large what has to be decompressed is would only be known when it has been.
var errCodedUpload = ProtocolError("unsupported-media-type", codeCodedUpload, "An upload is sent as it is, without Content-Encoding.")

const codeCodedUpload = "unsupported_content_encoding"

func incoming(req *fasthttp.Request) (Incoming, error) {
	if len(req.Header.Peek(fasthttp.HeaderContentEncoding)) > 0 {
		return Incoming{}, errCodedUpload
	}
	var body io.Reader = bytes.NewReader(nil)
	switch {
	case req.IsBodyStream():
		body = req.BodyStream()
	case len(req.Body()) > 0:
		body = bytes.NewReader(req.Body())
	}
	return Incoming{ContentType: string(req.Header.ContentType()), Body: body}, nil
}

// UnknownField is what is wrong with a field of a form that nobody knows: that of a member of a JSON body, and which ones there are.
func UnknownField(name string, known []string) fault.Field {
	return fault.Field{Pointer: pointerTo(name), Code: plan.CodeUnknownField, Detail: "is not a known field; there are " + strings.Join(known, ", ")}
}

// describe is the body of an upload in the document: a form, or the file itself.
func (l UploadLimit) describe() map[string]any {
	properties := map[string]any{"file": map[string]any{"type": "string", "format": "binary", "description": "The file."}}
	for name, doc := range l.Form {
		properties[name] = map[string]any{"type": "string", "description": doc}
	}
	form := map[string]any{"type": "object", "properties": properties, "required": []string{"file"}, "additionalProperties": false}
	content := map[string]any{"multipart/form-data": map[string]any{"schema": form}}
	types := l.Types
	if len(types) == 0 {
		types = []string{"application/octet-stream"}
	}
	for _, t := range types {
		content[t] = map[string]any{"schema": binary()}
	}
	return map[string]any{"required": true, "content": content}
}

func binary() map[string]any { return map[string]any{"type": "string", "format": "binary"} }

// Content is the Out of an operation that answers with bytes instead of JSON: with a file, for instance (files.Files.Content).
type Content struct {
	send func(ctx context.Context, fctx *fasthttp.RequestCtx) error
}

// NewContent returns the answer that send writes: its status, its headers and its body. An error of send is answered as that of a handler.
func NewContent(send func(ctx context.Context, fctx *fasthttp.RequestCtx) error) *Content {
	return &Content{send}
}

// Picture is an image in an answer.
type Picture struct {
	Width    int              `json:"width" doc:"Pixels of what was uploaded, upright."`
	Height   int              `json:"height"`
	Alt      string           `json:"alt" doc:"What there is to see; empty for a picture that only decorates."`
	Variants []PictureVariant `json:"variants" doc:"From the smallest to the largest."`
}

// PictureChange is the body of a request that changes what is said of a picture.
type PictureChange struct {
	Alt patch.Change[string] `json:"alt" maxLength:"255" doc:"What there is to see, for those who cannot; empty for a picture that only decorates."`
}

// PictureVariant is one size of an image in an answer.
type PictureVariant struct {
	Name  string `json:"name"`
	Width int    `json:"width" doc:"Pixels; none is wider than what was uploaded."`
	WebP  string `json:"webp" doc:"The path of its address; the same in WebP and in JPEG."`
	JPEG  string `json:"jpeg"`
}

// ShowPicture returns what clients see of a picture; nil of none.
func ShowPicture(p *blob.Picture) *Picture {
	if p == nil {
		return nil
	}
	shown := &Picture{Width: p.Width, Height: p.Height, Alt: p.Alt, Variants: []PictureVariant{}}
	for _, v := range slices.SortedFunc(slices.Values(p.Variants), func(a, b blob.Variant) int { return a.Width - b.Width }) {
		shown.Variants = append(shown.Variants, PictureVariant{
			Name: v.Name, Width: min(v.Width, p.Width), WebP: p.Named(v, blob.WebP).Path(), JPEG: p.Named(v, blob.JPEG).Path(),
		})
	}
	return shown
}

// File is an upload in an answer.
type File struct {
	Label string `json:"label" doc:"Its name as whoever has uploaded it calls it; it may be empty."`
	Type  string `json:"type" doc:"The media type, as its first bytes tell it."`
	Size  int64  `json:"size" doc:"Bytes."`
	URL   string `json:"url" doc:"The path of its address."`
}

// ShowFile returns what clients see of a file that is sent at a path; nil of none.
func ShowFile(f *blob.File, path string) *File {
	if f == nil {
		return nil
	}
	return &File{Label: f.Label, Type: f.Type, Size: f.Size, URL: path}
}
