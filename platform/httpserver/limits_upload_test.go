package httpserver_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"mime/multipart"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/blob"
	"github.com/banyan-go/banyan/platform/files"
	filesdisk "github.com/banyan-go/banyan/platform/files/disk"
	"github.com/banyan-go/banyan/platform/images"
	"github.com/banyan-go/banyan/platform/images/driver"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/unit"
)

// uploadLimits are the rows about uploads.
func uploadLimits() []limit {
	kept, made, least := files.Default(), images.Default(), files.Limit(files.Rule{Size: 1})
	around := unit.Bytes(least.Size - 1)
	perMiB := (files.Limit(files.Rule{Size: 1<<20 + 1}).Time - least.Time).String()
	return []limit{
		{what: "File of an upload", value: "10MiB, or the max of its field", answer: "422 file_too_large", test: func(t *testing.T) {
			t.Parallel()
			s := startAlbum(t)
			s.want(picture(10, 10, 1, albumFile), 200, "")
			s.want(picture(10, 10, 1, albumFile+1), 422, "file_too_large")
		}},
		{what: "Body of an upload", value: "that of its file, and " + around.String(), answer: "413 body_too_large", test: func(t *testing.T) {
			t.Parallel()
			s := startAlbum(t)
			s.want(picture(10, 10, 1, albumFile+int(around)), 422, "file_too_large")
			s.want(picture(10, 10, 1, albumFile+int(around)+1), 413, "body_too_large")
		}},
		{what: "Fields of a form", value: "those of its operation", answer: "422 unknown_field", test: func(t *testing.T) {
			t.Parallel()
			s := startAlbum(t)
			s.want(form(t, "alt", "Words"), 200, "")
			s.wantErrors(form(t, "atl", "Words"), "/atl")
		}},
		{what: "Parts of a form", value: "100", answer: "422 too_many_files", test: func(t *testing.T) {
			t.Parallel()
			s := startAlbum(t)
			s.want(form(t, strings.Fields(strings.Repeat("alt Words ", 99))...), 200, "") // and the file
			s.want(form(t, strings.Fields(strings.Repeat("alt Words ", 100))...), 422, "too_many_files")
		}},
		{what: "Field of a form that is no file", value: "64KiB", answer: "400 bad_form", test: func(t *testing.T) {
			t.Parallel()
			s := startAlbum(t)
			s.wantErrors(form(t, "alt", strings.Repeat("x", 64<<10)), "/alt") // no form is too large for it: the text is
			s.want(form(t, "alt", strings.Repeat("x", 64<<10+1)), 400, "bad_form")
		}},
		{what: "Characters of what there is to see (alt)", value: "255", answer: "422 max_length", test: func(t *testing.T) {
			t.Parallel()
			s := startAlbum(t)
			s.want(form(t, "alt", strings.Repeat("ä", 255)), 200, "")
			s.wantErrors(form(t, "alt", strings.Repeat("ä", 256)), "/alt")
		}},
		{what: "Time for an upload to arrive", value: fmt.Sprintf("%s, and %s for each MiB of its file", least.Time, perMiB), answer: "408 request_timeout", test: TestAnUploadThatIsTooSlowIsEnded},
		{what: "Uploads of an operation at the same time", value: "16", answer: "503 overloaded", test: testUploadsAtATime},
		{what: "All files together", value: kept.Quota.String(), setting: "files.quota", answer: "503 files_full", test: func(t *testing.T) {
			t.Parallel()
			s := startAlbum(t, func(a *album) { a.files.Quota = albumFile })
			s.want(picture(10, 10, 1, albumFile-2), 200, "") // and a byte of each format
			s.want(picture(10, 10, 1, 20), 503, "files_full")
		}},
		{what: "Pixels of a picture", value: fmt.Sprint(made.MaxPixels), setting: "images.max_pixels", answer: "422 image_too_large", test: func(t *testing.T) {
			t.Parallel()
			s := startAlbum(t)
			s.want(picture(8000, made.MaxPixels/8000, 1, 30), 200, "")
			s.want(picture(8000, made.MaxPixels/8000+1, 1, 30), 422, "image_too_large")
		}},
		{what: "Longer side of what is made of a picture", value: "16383", answer: "422 image_too_large", test: func(t *testing.T) {
			t.Parallel()
			s := startAlbum(t)
			s.want(picture(10, 16383, 1, 30), 200, "")
			s.want(picture(10, 16384, 1, 30), 422, "image_too_large")
		}},
		{what: "Frames of an animation", value: fmt.Sprint(made.MaxFrames), setting: "images.max_frames", answer: "422 image_too_large", test: func(t *testing.T) {
			t.Parallel()
			s := startAlbum(t)
			s.want(picture(10, 10, made.MaxFrames, 30), 200, "")
			s.want(picture(10, 10, made.MaxFrames+1, 30), 422, "image_too_large")
		}},
		{what: "Pictures that are worked on at the same time", value: "half of the CPUs", setting: "images.parallel", answer: "the next one waits", test: testPicturesAtATime},
		{what: "Pictures that wait for that", value: fmt.Sprint(made.Queue), setting: "images.queue", answer: "503 images_busy", test: testPicturesAtATime},
		{what: "Time to work on a picture", value: made.Timeout.String(), setting: "images.timeout", answer: "503 images_busy", test: func(t *testing.T) {
			t.Parallel()
			s := startAlbum(t, func(a *album) { a.images.Timeout, a.holds = time.Millisecond, make(chan struct{}) })
			s.want(picture(10, 10, 1, 30), 503, "images_busy")
		}},
	}
}

func testUploadsAtATime(t *testing.T) {
	t.Parallel()
	began, end := make(chan struct{}), make(chan struct{})
	hold := func(c *fiber.Ctx) error {
		began <- struct{}{}
		<-end
		return c.SendStatus(204)
	}
	limit := api.UploadLimit{Size: 100, Time: patience}
	s := start(t, with(api.Upload("/held", limit, hold, api.Op{ID: "hold", Summary: "Waits", Auth: api.PublicWrite("a test")})))
	defer close(end)
	for range 16 {
		s.dial().send(request("POST", "/api/v1/test/held", "x"))
		<-began
	}
	busy(t, s.do(request("POST", "/api/v1/test/held", "x")))
}

func testPicturesAtATime(t *testing.T) {
	t.Parallel()
	began, holds := make(chan struct{}, 3), make(chan struct{})
	s := startAlbum(t, func(a *album) { a.images.Parallel, a.images.Queue, a.began, a.holds = unit.Exactly(1), 1, began, holds })
	answers := make(chan answer, 3)
	send := func() {
		c := s.dial()
		c.send(picture(10, 10, 1, 30))
		go func() { answers <- c.answer("PUT") }()
	}
	send()
	<-began
	send()
	send()
	check(t, <-answers, 503, "images_busy")
	select {
	case <-began:
		t.Error("two are worked on")
	default:
	}
	close(holds)
	for range 2 {
		if a := <-answers; a.StatusCode != 200 {
			t.Errorf("%s %s", a.Status, a.body)
		}
	}
}

// album is what takes pictures in a test, of at most albumFile bytes. It is the codec as well: a picture is a text that says what it is, and takes until
// holds is closed.
type album struct {
	files  files.Config
	images images.Config
	began  chan struct{} // has one for each picture that is worked on, unless it is nil
	holds  chan struct{}
}

const albumFile = 1000

func (a *album) Open() (driver.Codec, error) { return a, nil }

func (a *album) Inspect(data []byte) (h driver.Header, err error) {
	_, err = fmt.Sscanf(string(data), "GIF89a %d %d %d ", &h.Width, &h.Height, &h.Frames)
	return h, err
}

func (a *album) Convert(ctx context.Context, _ []byte, widths []int, _ int) (all []driver.Encoded, err error) {
	if a.began != nil {
		a.began <- struct{}{}
	}
	select {
	case <-a.holds:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for _, w := range widths {
		all = append(all, driver.Encoded{Width: w, Height: 1, WebP: []byte("w"), JPEG: []byte("j")})
	}
	return all, nil
}

// albumServer is a server with PUT /photo.
type albumServer struct{ *server }

func startAlbum(t *testing.T, change ...func(*album)) albumServer {
	t.Helper()
	a := &album{files: files.Default(), images: images.Default(), holds: make(chan struct{})}
	given := a.holds
	for _, c := range change {
		c(a)
	}
	if a.holds == given {
		close(given)
	}
	var lc lifecycle.Lifecycle
	f, err := files.New(a.files, t.TempDir(), files.Drivers{"disk": filesdisk.Driver{}}, slog.New(slog.DiscardHandler), &lc)
	if err != nil {
		t.Fatal(err)
	}
	f.Announce()
	m, err := images.New(a.images, images.Drivers{"webp": a}, f, &lc)
	if err != nil {
		t.Fatal(err)
	}
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lc.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	rule := files.Rule{Size: albumFile, Types: images.Types()}
	receive := func(ctx context.Context, in *arriving) (*counted, error) {
		_, err := m.Receive(ctx, in.Body, rule, []blob.Variant{{Name: "thumb", Width: 10}})
		return &counted{}, err
	}
	op := api.Op{ID: "putPhoto", Summary: "Upload", Auth: api.PublicWrite("a test"), Upload: images.Limit(rule), Errors: images.Errors()}
	return albumServer{start(t, with(api.Put("/photo", receive, op)))}
}

// want sends a request and checks its answer.
func (s albumServer) want(request string, status int, code string) {
	s.t.Helper()
	a := s.do(request)
	if status != 200 {
		check(s.t, a, status, code)
	} else if a.StatusCode != 200 {
		s.t.Errorf("as far as it may go: %s %s", a.Status, a.body)
	}
}

// wantErrors checks that a form is refused for one field.
func (s albumServer) wantErrors(request, pointer string) {
	s.t.Helper()
	wantPointers(s.t, check(s.t, s.do(request), 422, "invalid"), "body", []string{pointer})
}

// picture is a request with a picture of so many bytes.
func picture(width, height, frames, size int) string {
	says := fmt.Sprintf("GIF89a %d %d %d ", width, height, frames)
	return request("PUT", "/api/v1/test/photo", says+strings.Repeat("x", size-len(says)))
}

// form is a request with a picture and other fields: names and values.
func form(t *testing.T, fields ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("file", "a.gif")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write([]byte("GIF89a 10 10 1 ")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return request("PUT", "/api/v1/test/photo", b.String(), "Content-Type: "+w.FormDataContentType())
}
