package api_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/blob"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
)

type (
	uploadThing struct {
		ID      id.ID       `path:"id"`
		IfMatch api.IfMatch `header:"If-Match"`
		Body    api.Incoming
	}
	uploadedThing struct {
		ETag api.ETag `header:"ETag"`
		Body Uploaded
	}
	Uploaded struct {
		Type    string       `json:"type"`
		Text    string       `json:"text"`
		Picture *api.Picture `json:"picture"`
		File    *api.File    `json:"file"`
	}
	oneThing struct {
		ID id.ID `path:"id"`
	}
)

// receiver returns an operation that tells what came, and one that answers with bytes: 404 for the id absent.
func receiver(limit api.UploadLimit) []api.Route {
	upload := func(_ context.Context, in *uploadThing) (*uploadedThing, error) {
		text, err := io.ReadAll(in.Body.Body)
		return &uploadedThing{ETag: `"2"`, Body: Uploaded{Type: in.Body.ContentType, Text: string(text)}}, err
	}
	missing := fault.New(fault.NotFound, "no_file", "There is none.")
	load := func(_ context.Context, in *oneThing) (*api.Content, error) {
		return api.NewContent(func(_ context.Context, fctx *fasthttp.RequestCtx) error {
			if in.ID.String() == absent {
				return missing
			}
			fctx.SetContentType("application/pdf")
			fctx.SetBodyString("%PDF")
			return nil
		}), nil
	}
	put := api.Op{ID: "uploadThing", Summary: "Upload", Auth: api.PublicWrite("a test"), Upload: limit}
	return []api.Route{
		api.Put("/things/{id}/file", upload, put),
		api.Get("/things/{id}/file", load, api.Op{ID: "loadThing", Summary: "Load", Auth: api.Public, Errors: []*fault.Error{missing}}),
	}
}

const (
	known  = "/things/0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f01/file"
	absent = "0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f02"
)

func TestAnOperationTakesABodyOfAnyType(t *testing.T) {
	t.Parallel()
	s := serve(t, receiver(api.UploadLimit{Size: 1000, Time: time.Minute})...)
	got := s.do("PUT", known, "hello", "Content-Type: text/plain", `If-Match: "1"`)
	if want := `{"type":"text/plain","text":"hello","picture":null,"file":null}`; got.status != 200 || string(got.body) != want || got.get("ETag") != `"2"` {
		t.Errorf("%d %s %s", got.status, got.body, got.get("ETag"))
	}
	if got := s.do("PUT", known, ""); got.status != 200 || !strings.Contains(string(got.body), `"text":""`) {
		t.Errorf("nothing at all: %d %s", got.status, got.body)
	}
	for name, c := range map[string]struct {
		path, header, code string
		status             int
	}{
		"compressed":     {known, "Content-Encoding: gzip", "unsupported_content_encoding", 415},
		"a bad version":  {known, "If-Match: 1", "bad_if_match", 400},
		"no such id":     {"/things/1/file", "X: y", "not_found", 404},
		"a bad question": {known + "?a=b", "X: y", "invalid", 422},
	} {
		if got := s.do("PUT", c.path, "hello", c.header); got.status != c.status || got.problem(t).Code != c.code {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

func TestAnOperationAnswersWithBytes(t *testing.T) {
	t.Parallel()
	s := serve(t, receiver(api.UploadLimit{Size: 1000, Time: time.Minute})...)
	if got := s.do("GET", known, "", "Accept: text/html"); got.status != 200 || string(got.body) != "%PDF" || got.get("Content-Type") != "application/pdf" {
		t.Errorf("%d %s %s", got.status, got.get("Content-Type"), got.body)
	}
	if got := s.do("GET", "/things/"+absent+"/file", ""); got.status != 404 || got.problem(t).Code != "no_file" {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestAnUploadSaysHowLargeItMayBe(t *testing.T) {
	t.Parallel()
	a := newAPI(t, slog.New(slog.DiscardHandler))
	const want = "a Body of type api.Incoming and a limit of its size and its time (Op.Upload) belong together"
	for name, limit := range map[string]api.UploadLimit{"nothing": {}, "no time": {Size: 1}, "no size": {Time: time.Second}} {
		if err := a.Mount("test", receiver(limit)[0]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	op := api.Op{ID: "putThing", Summary: "Put", Auth: api.PublicWrite("a test"), Upload: api.UploadLimit{Size: 1, Time: time.Second}}
	plain := func(context.Context, *oneThing) (*api.Nothing, error) { return nil, nil }
	if err := a.Mount("test", api.Put("/things/{id}", plain, op)); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("without a body: %v", err)
	}
	if e := serve(t, receiver(api.UploadLimit{Size: 1, Time: time.Second})...).api.Endpoints()[0]; e.Upload.Size != 1 || e.Op.Concurrency != 16 {
		t.Errorf("%+v", e)
	}
}

// A client that is made of the document sends a form, or the file.
func TestTheDocumentDescribesFiles(t *testing.T) {
	t.Parallel()
	limit := api.UploadLimit{Size: 1, Time: time.Second, Types: []string{"image/png"}, Form: map[string]string{"alt": "What there is to see."}}
	var doc struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Required bool
				Content  map[string]struct {
					Schema struct {
						Required   []string
						Properties map[string]any
					}
				}
			}
			Responses map[string]struct{ Content map[string]any }
		}
	}
	if err := json.Unmarshal(document(t, api.Info{Title: "Shop"}, map[string][]api.Route{"test": receiver(limit)}, "test"), &doc); err != nil {
		t.Fatal(err)
	}
	at := doc.Paths["/api/v1/test/things/{id}/file"]
	body := at["put"].RequestBody
	form := body.Content["multipart/form-data"].Schema
	if _, ok := body.Content["image/png"]; !body.Required || len(body.Content) != 2 || !ok || len(form.Properties) != 2 || form.Properties["alt"] == nil || len(form.Required) != 1 {
		t.Errorf("the upload: %+v", body)
	}
	for _, status := range []string{"400", "404", "408", "412", "413", "415"} {
		if _, ok := at["put"].Responses[status]; !ok {
			t.Errorf("the upload is not answered with %s", status)
		}
	}
	for _, status := range []string{"200", "206"} {
		if at["get"].Responses[status].Content["*/*"] == nil {
			t.Errorf("the file is not the answer %s", status)
		}
	}
	if _, ok := at["get"].Responses["406"]; ok {
		t.Error("a file is refused to who does not want JSON")
	}
}

func TestWhatClientsSeeOfUploads(t *testing.T) {
	t.Parallel()
	p := &blob.Picture{File: "own-" + blob.Name(strings.Repeat("0", 32)) + ".png", Width: 1000, Height: 500, Alt: "A lamp", Variants: []blob.Variant{{Name: "hero", Width: 1280}, {Name: "thumb", Width: 320}}}
	got, err := json.Marshal(Uploaded{Picture: api.ShowPicture(p), File: api.ShowFile(&blob.File{Name: "own-1.pdf", Label: "a.pdf", Type: "application/pdf", Size: 7}, "/here")})
	want := `"picture":{"width":1000,"height":500,"alt":"A lamp","variants":[` +
		`{"name":"thumb","width":320,"webp":"/files/pub-N-thumb.320.webp","jpeg":"/files/pub-N-thumb.320.jpg"},` +
		`{"name":"hero","width":1000,"webp":"/files/pub-N-hero.1280.webp","jpeg":"/files/pub-N-hero.1280.jpg"}]},` +
		`"file":{"label":"a.pdf","type":"application/pdf","size":7,"url":"/here"}}`
	if text := strings.ReplaceAll(string(got), strings.Repeat("0", 32), "N"); err != nil || !strings.HasSuffix(text, want) {
		t.Errorf("%v\n%s\nwant\n%s", err, text, want)
	}
	if api.ShowPicture(nil) != nil || api.ShowFile(nil, "") != nil {
		t.Error("of none something is seen")
	}
}
