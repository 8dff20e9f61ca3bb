package files_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/files"
	"github.com/banyan-go/banyan/platform/files/disk"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/unit"
)

// The beginnings of files.
const (
	png  = "\x89PNG\r\n\x1a\n"
	jpeg = "\xff\xd8\xff\xe0"
	gif  = "GIF89a"
	pdf  = "%PDF-1.7"
)

// kept is files in a folder of the test.
type kept struct {
	*files.Files
	dir string
}

func start(t *testing.T, change ...func(*files.Config)) kept {
	t.Helper()
	cfg := files.Default()
	for _, c := range change {
		c(&cfg)
	}
	dir := cfg.Dir.Or(t.TempDir())
	var lc lifecycle.Lifecycle
	f, err := files.New(cfg, dir, files.Drivers{"disk": disk.Driver{}}, slog.New(slog.DiscardHandler), &lc)
	if err != nil {
		t.Fatal(err)
	}
	f.Announce()
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lc.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return kept{f, dir}
}

// there are the files on the disk.
func (k kept) there(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir(k.dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, e.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func read(t *testing.T, f *files.Files, name files.Name) string {
	t.Helper()
	c, err := f.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTheNameIsOursAndFollowsFromTheContent(t *testing.T) {
	t.Parallel()
	f := start(t)
	seen := map[files.Name]bool{}
	for _, c := range []struct{ content, mediaType, ext string }{
		{jpeg, "image/jpeg", "jpg"}, {png, "image/png", "png"}, {gif, "image/gif", "gif"}, {"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp", "webp"}, {pdf, "application/pdf", "pdf"},
		{"hello", "text/plain", "txt"}, {"PK\x03\x04", "application/zip", "zip"},
		{"<!doctype html><script>alert(1)</script>", "application/octet-stream", "bin"},
		{`<?xml version="1.0"?><svg onload="alert(1)"/>`, "application/octet-stream", "bin"},
		{"\x7fELF\x02\x01\x01", "application/octet-stream", "bin"},
	} {
		for _, public := range []bool{true, false} {
			got, err := f.Put(t.Context(), strings.NewReader(c.content), files.Rule{Public: public})
			if err != nil {
				t.Fatal(err)
			}
			begin := map[bool]string{true: "pub-", false: "own-"}[public]
			if name := string(got.Name); !strings.HasPrefix(name, begin) || !strings.HasSuffix(name, "."+c.ext) || len(name) != 4+32+1+len(c.ext) || seen[got.Name] {
				t.Errorf("%.20q is called %s", c.content, name)
			}
			seen[got.Name] = true
			if got.Type != c.mediaType || files.TypeOf(got.Name) != c.mediaType || got.Size != int64(len(c.content)) || got.Name.Public() != public {
				t.Errorf("%.20q: %+v", c.content, got)
			}
			if content := read(t, f.Files, got.Name); content != c.content {
				t.Errorf("%q is now %q", c.content, content)
			}
		}
	}
}

// Nothing but a name of this package gets as far as the folder.
func TestWhatIsNoNameIsNotLookedFor(t *testing.T) {
	t.Parallel()
	f := start(t)
	good, err := f.Put(t.Context(), strings.NewReader("x"), files.Rule{})
	if err != nil {
		t.Fatal(err)
	}
	name := string(good.Name)
	for _, text := range []string{
		"", ".", "..", "/", "/etc/passwd", "../" + name, "own-/" + name, name + "/", name + "/..", strings.ToUpper(name), name + "\x00", name + "\x00.jpg", " " + name, name + "\n", "pub" + name[3:36],
		"own-" + strings.Repeat("0", 32), "own-" + strings.Repeat("0", 31) + ".txt", "own-" + strings.Repeat("0", 33) + ".txt", "own-" + strings.Repeat("0", 32) + "..txt", "own-" + strings.Repeat("0", 32) + "-a..b",
		"own-" + strings.Repeat("0", 32) + "." + strings.Repeat("x", 100), `own-..\..\..\..\..\..\..\windows\x.txt`, "own-" + strings.Repeat("é", 16) + ".txt", "tmp/" + name,
	} {
		if _, ok := files.ParseName(text); ok {
			t.Errorf("%q is a name", text)
		}
		if _, err := f.Open(t.Context(), files.Name(text)); !errors.Is(err, files.ErrNotFound) {
			t.Errorf("%q: %v", text, err)
		}
		if err := f.Delete(t.Context(), files.Name(text)); err != nil {
			t.Errorf("delete %q: %v", text, err)
		}
	}
	if n := f.there(t); !slices.Equal(n, []string{name}) {
		t.Errorf("there is %v", n)
	}
}

func TestNothingIsLeftOfAFileThatIsRefused(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *files.Config) { c.Quota = unit.MiB })
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	large := strings.Repeat("x", 1<<20+1)
	broken := errors.New("the client has gone")
	for name, c := range map[string]struct {
		ctx  context.Context //nolint:containedctx // of one row
		r    io.Reader
		rule files.Rule
		want error
	}{
		"larger than the rule":       {t.Context(), strings.NewReader("12345678901"), files.Rule{Size: 10}, files.ErrTooLarge},
		"larger than the quota":      {t.Context(), strings.NewReader(large), files.Rule{Size: 10 << 20}, files.ErrFull},
		"empty":                      {t.Context(), strings.NewReader(""), files.Rule{}, files.ErrEmpty},
		"a page that says it is png": {t.Context(), strings.NewReader("<html>"), files.Rule{Types: []string{"image/png"}}, files.ErrType},
		"cut off":                    {t.Context(), io.MultiReader(strings.NewReader(large[:600_000]), iotest.ErrReader(broken)), files.Rule{}, broken},
		"too late":                   {ended, strings.NewReader("x"), files.Rule{}, context.Canceled},
	} {
		if got, err := f.Put(c.ctx, c.r, c.rule); !errors.Is(err, c.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if n, used := f.there(t), f.Used(); len(n) > 0 || used != 0 {
			t.Errorf("%s: there is %v, %d bytes are used", name, n, used)
		}
	}
	_, err := f.Put(t.Context(), strings.NewReader("text"), files.Rule{Types: []string{"image/png", "application/pdf"}})
	if wrong, ok := errors.AsType[*fault.Error](err); !ok || !strings.HasSuffix(wrong.Detail, "Taken are image/png, application/pdf.") {
		t.Errorf("a text in the place of a picture: %v", err)
	}
	if got, err := f.Put(t.Context(), strings.NewReader("1234567890"), files.Rule{Size: 10}); err != nil || f.Used() != 10 {
		t.Errorf("exactly as large as allowed: %+v, %v", got, err)
	}
}

func TestWhatIsMadeOfAFileGoesWithIt(t *testing.T) {
	t.Parallel()
	f := start(t)
	one, err := f.Put(t.Context(), strings.NewReader(png), files.Rule{Public: true})
	if err != nil {
		t.Fatal(err)
	}
	two, err := f.Put(t.Context(), strings.NewReader(png+"!"), files.Rule{Public: true})
	if err != nil {
		t.Fatal(err)
	}
	thumb := one.Name.Variant("thumb.320", "webp")
	for _, content := range []string{"long, from the first time", "short"} { // a job that is run again
		if err := f.PutVariant(t.Context(), thumb, []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, f.Files, thumb); got != "short" || f.Used() != int64(len(png)+len(png)+1+len("short")) {
		t.Errorf("%q, %d bytes are used", got, f.Used())
	}
	if err := f.PutVariant(t.Context(), two.Name, nil); err == nil {
		t.Error("a file was replaced as if it were a variant")
	}
	if err := f.Delete(t.Context(), one.Name); err != nil {
		t.Fatal(err)
	}
	if got := f.there(t); !slices.Equal(got, []string{string(two.Name)}) || f.Used() != two.Size {
		t.Errorf("there is %v, %d bytes are used", got, f.Used())
	}
}

// form is a multipart body of parts: a disposition, and a content.
func form(t *testing.T, parts ...string) (contentType string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		p, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {"form-data; " + parts[i]}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(p, parts[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.Bytes()
}

func TestAFormBringsFilesAndValues(t *testing.T) {
	t.Parallel()
	f := start(t)
	contentType, body := form(t,
		`name="title"`, "Lamp", `name="photo"; filename="../../etc/cron.d/x"`, png+"1", `name="title"`, "Table",
		`name="photo"; filename="C:\dir\Lamp \"a\".png"`, png+"2", `name="empty"; filename=""`, "")
	up, err := f.Receive(t.Context(), contentType, iotest.OneByteReader(bytes.NewReader(body)), files.Rule{Count: 2, Fields: []string{"photo", "empty"}, Values: []string{"title"}})
	if err != nil {
		t.Fatal(err)
	}
	if up.Values["title"] != "Lamp" || len(up.Files) != 2 {
		t.Fatalf("%+v", up)
	}
	for i, label := range []string{"x", `Lamp "a".png`} {
		if got := up.Files[i]; got.Label != label || got.Field != "photo" || got.Type != "image/png" || read(t, f.Files, got.Name) != png+fmt.Sprint(i+1) {
			t.Errorf("%+v", got)
		}
	}
	raw, err := f.Receive(t.Context(), "image/png", strings.NewReader(png), files.Rule{})
	if err != nil || len(raw.Files) != 1 || raw.Files[0].Field != "" || raw.Files[0].Size != int64(len(png)) {
		t.Errorf("a body that is a file: %+v, %v", raw, err)
	}
}

func TestNothingIsLeftOfAFormThatIsRefused(t *testing.T) {
	t.Parallel()
	const photo = `name="file"; filename="a.png"`
	contentType, good := form(t, photo, png)
	many := slices.Repeat([]string{`name="title"`, ""}, 101)
	for name, c := range map[string]struct {
		parts []string
		want  error
	}{
		"no file":                         {[]string{`name="title"`, "Lamp"}, files.ErrNoFile},
		"a second file":                   {[]string{photo, png, photo, png}, files.ErrTooMany},
		"a good file and a large one":     {[]string{photo, png, photo, strings.Repeat("x", 200)}, files.ErrTooLarge},
		"a good file and a hundred parts": {append([]string{photo, png}, many...), files.ErrTooMany},
		"a value like a file":             {[]string{photo, png, `name="title"`, strings.Repeat("x", 64<<10+1)}, files.ErrForm},
		"a value that is no text":         {[]string{photo, png, `name="title"`, "\xff\xfe"}, files.ErrForm},
		"a file without a name":           {[]string{photo, png, `name="file"; filename=""`, "x"}, files.ErrForm},
	} {
		f := start(t)
		contentType, body := form(t, c.parts...)
		rule := files.Rule{Size: 100, Values: []string{"title"}, Count: 1 + strings.Count(name, "good") + strings.Count(name, "without")}
		if up, err := f.Receive(t.Context(), contentType, bytes.NewReader(body), rule); !errors.Is(err, c.want) {
			t.Errorf("%s: %+v, %v", name, up, err)
		}
		if n := f.there(t); len(n) > 0 || f.Used() != 0 {
			t.Errorf("%s: there is %v, %d bytes are used", name, n, f.Used())
		}
	}
	for name, c := range map[string]struct {
		contentType string
		body        []byte
	}{
		"no boundary":            {"multipart/form-data", good},
		"another boundary":       {"multipart/form-data; boundary=x", good},
		"mixed":                  {strings.Replace(contentType, "form-data", "mixed", 1), good},
		"cut off":                {contentType, good[:len(good)-10]},
		"nothing":                {contentType, nil},
		"a broken type":          {"multipart/form-data; boundary=\"", good},
		"headers without an end": {"multipart/form-data; boundary=x", []byte("--x\r\n" + strings.Repeat("A: b\r\n", 20_000))},
	} {
		f := start(t)
		if up, err := f.Receive(t.Context(), c.contentType, bytes.NewReader(c.body), files.Rule{}); !errors.Is(err, files.ErrForm) && !errors.Is(err, files.ErrNoFile) {
			t.Errorf("%s: %+v, %v", name, up, err)
		}
		if n := f.there(t); len(n) > 0 {
			t.Errorf("%s: there is %v", name, n)
		}
	}
}

// A field that nobody knows is a mistake of the client, as a member of a JSON body is: it is named, and which ones there are.
func TestAFormHasNoFieldsButThoseOfTheRule(t *testing.T) {
	t.Parallel()
	const photo = `name="file"; filename="a.png"`
	for name, c := range map[string]struct {
		parts []string
		rule  files.Rule
		want  fault.Field
	}{
		"misspelt":         {[]string{photo, png, `name="atl"`, "Lamp"}, files.Rule{Values: []string{"alt"}}, fault.Field{Pointer: "/atl", Code: "unknown_field", Detail: "is not a known field; there are file, alt"}},
		"no values":        {[]string{photo, png, `name="alt"`, "Lamp"}, files.Rule{}, fault.Field{Pointer: "/alt", Code: "unknown_field", Detail: "is not a known field; there are file"}},
		"without a name":   {[]string{photo, png, `x="alt"`, "Lamp"}, files.Rule{}, fault.Field{Code: "unknown_field", Detail: "is not a known field; there are file"}},
		"another file":     {[]string{`name="photo"; filename="a.png"`, png}, files.Rule{}, fault.Field{Pointer: "/photo", Code: "unknown_field", Detail: "is not a known field; there are file"}},
		"another, empty":   {[]string{photo, png, `name="photo"; filename=""`, ""}, files.Rule{}, fault.Field{Pointer: "/photo", Code: "unknown_field", Detail: "is not a known field; there are file"}},
		"not of the rule":  {[]string{photo, png}, files.Rule{Fields: []string{"front", "back"}}, fault.Field{Pointer: "/file", Code: "unknown_field", Detail: "is not a known field; there are front, back"}},
		"a file as text":   {[]string{`name="file"`, "lamp.png"}, files.Rule{}, fault.Field{Pointer: "/file", Code: "type", Detail: "must be a file: send it with a filename"}},
		"a text as a file": {[]string{photo, png, `name="alt"; filename="a.txt"`, "Lamp"}, files.Rule{Values: []string{"alt"}}, fault.Field{Pointer: "/alt", Code: "type", Detail: "must be text: send it without a filename"}},
	} {
		f := start(t)
		contentType, body := form(t, c.parts...)
		c.rule.Count = 2
		_, err := f.Receive(t.Context(), contentType, bytes.NewReader(body), c.rule)
		if wrong, ok := errors.AsType[*fault.Error](err); !ok || wrong.Code != "invalid" || !slices.Equal(wrong.Fields, []fault.Field{c.want}) {
			t.Errorf("%s: %v", name, err)
		}
		if n := f.there(t); len(n) > 0 || f.Used() != 0 {
			t.Errorf("%s: there is %v, %d bytes are used", name, n, f.Used())
		}
	}
}

// A process that was killed in the middle leaves nothing, and what was whole counts against the quota of the next one.
func TestTheNextProcessFindsWhatWasWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(c *files.Config) { c.Dir, c.Quota = unit.Exactly(dir), unit.MiB }
	first := start(t, at)
	whole, err := first.Put(t.Context(), strings.NewReader(strings.Repeat("x", 900_000)), files.Rule{})
	if err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(dir, "tmp", "HALF")
	if err := os.WriteFile(half, make([]byte, 500_000), 0o600); err != nil {
		t.Fatal(err)
	}
	long := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(half, long, long); err != nil {
		t.Fatal(err)
	}
	second := start(t, at)
	if n := second.there(t); !slices.Equal(n, []string{string(whole.Name)}) || second.Used() != 900_000 {
		t.Errorf("there is %v, %d bytes are used", n, second.Used())
	}
	if _, err := second.Put(t.Context(), strings.NewReader(strings.Repeat("x", 200_000)), files.Rule{}); !errors.Is(err, files.ErrFull) {
		t.Errorf("beyond the quota: %v", err)
	}
}

func TestDriverThatIsNotThere(t *testing.T) {
	t.Parallel()
	cfg := files.Default()
	cfg.Driver = "tape"
	_, err := files.New(cfg, t.TempDir(), files.Drivers{"disk": disk.Driver{}}, slog.New(slog.DiscardHandler), &lifecycle.Lifecycle{})
	wrong, ok := errors.AsType[config.Problems](err)
	if want := (config.Problem{Key: "files.driver", Got: `"tape" is not compiled in`, Hint: "one of disk (drivers.go)"}); !ok || len(wrong) != 1 || wrong[0] != want {
		t.Errorf("got %v, want %v", err, want)
	}
}
