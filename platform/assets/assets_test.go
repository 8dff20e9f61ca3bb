package assets_test

import (
	"bytes"
	"context"
	"html/template"
	"io"
	"io/fs"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/banyan-go/banyan/platform/assets"
	"github.com/banyan-go/banyan/platform/lifecycle"
)

// tree makes files of pairs, a name and a text.
func tree(pairs ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		files[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return files
}

// started returns the assets of a module shop whose process has started.
func started(t *testing.T, cfg assets.Config, files fs.FS) *assets.Assets {
	t.Helper()
	var lc lifecycle.Lifecycle
	a := assets.New(cfg, &lc)
	if err := a.Add("shop", files); err != nil {
		t.Fatal(err)
	}
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

func url(t *testing.T, a *assets.Assets, name string) string {
	t.Helper()
	u, err := a.URL(name)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// sheet is a style sheet that is worth compressing.
var sheet = strings.Repeat("main { margin: 0 auto; max-width: 60rem }\n", 50)

func TestAnAddressChangesWithTheFileAndWithNothingElse(t *testing.T) {
	t.Parallel()
	first := url(t, started(t, assets.Config{}, tree("css/app.min.css", "a{}", "b.js", "1")), "shop/css/app.min.css")
	again := url(t, started(t, assets.Config{}, tree("css/app.min.css", "a{}", "b.js", "2")), "shop/css/app.min.css")
	changed := url(t, started(t, assets.Config{}, tree("css/app.min.css", "b{}")), "shop/css/app.min.css")
	if ok, err := path.Match("/assets/shop/css/app.min-????????????????.css", first); err != nil || !ok {
		t.Errorf("the address is %s", first)
	}
	if again != first || changed == first {
		t.Errorf("%s, then %s, of another file %s", first, again, changed)
	}
}

func TestOnlyTheAddressOfThisVersionIsFound(t *testing.T) {
	t.Parallel()
	a := started(t, assets.Config{}, tree("app.css", "a{}"))
	address := url(t, a, "shop/app.css")
	if f := a.Find([]byte(address)); f == nil || string(f.Body) != "a{}" || f.Type != "text/css; charset=utf-8" {
		t.Errorf("%s: %+v", address, f)
	}
	for _, other := range []string{"/assets/shop/app.css", "/assets/shop/app-0000000000000000.css", address + "/", "/assets/", strings.ToUpper(address)} {
		if f := a.Find([]byte(other)); f != nil {
			t.Errorf("%s is %s", other, f.Name)
		}
	}
}

func TestTemplatesAskByName(t *testing.T) {
	t.Parallel()
	a := started(t, assets.Config{BaseURL: "https://cdn.example.com/shop"}, tree("app.css", "a{}"))
	render := func(text string) (string, error) {
		var b bytes.Buffer
		err := template.Must(template.New("page").Funcs(template.FuncMap{"asset": a.URL}).Parse(text)).Execute(&b, nil)
		return b.String(), err
	}
	got, err := render(`<link href="{{asset "shop/app.css"}}">`)
	if want := `<link href="https://cdn.example.com/shop/assets/shop/app-`; err != nil || !strings.HasPrefix(got, want) {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := render(`{{asset "shop/ap.css"}}`); err == nil || !strings.Contains(err.Error(), `no asset "shop/ap.css"`) {
		t.Errorf("a name that nothing has: %v", err)
	}
	if got := a.Policy(); !strings.Contains(got, "style-src 'self' https://cdn.example.com;") || strings.Contains(got, "unsafe") {
		t.Errorf("the policy is %s", got)
	}
}

// A style sheet that changes because a picture does has another name: else a cache would keep the old picture with the page for a year.
func TestReferencesOfAStyleSheetAreHashed(t *testing.T) {
	t.Parallel()
	text := func(logo string) (sheet, address string) {
		a := started(t, assets.Config{}, tree(
			"css/app.css", `@import "base.css"; @import url('base.css'); b{background:url( ../img/logo.svg#x)} /* url(gone.png) */ `+
				`i{background:url(data:image/png;base64,AA==),url("//host/x.png"),url(/x.png),url(#y),url(https://host/x.png)}`,
			"css/base.css", "i{src:url('../img/logo.svg?a')}",
			"img/logo.svg", logo,
		))
		address = url(t, a, "shop/css/app.css")
		f := string(a.Find([]byte(address)).Body)
		for _, name := range []string{"css/base.css", "img/logo.svg"} {
			hashed := path.Base(url(t, a, "shop/"+name))
			f = strings.ReplaceAll(f, hashed, "<"+path.Base(name)+">")
		}
		return f, address
	}
	got, first := text("<svg/>")
	want := `@import "<base.css>"; @import url('<base.css>'); b{background:url( ../img/<logo.svg>#x)} /* url(gone.png) */ ` +
		`i{background:url(data:image/png;base64,AA==),url("//host/x.png"),url(/x.png),url(#y),url(https://host/x.png)}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if _, second := text("<svg />"); second == first {
		t.Errorf("the picture is another one, and the style sheet still %s", first)
	}
}

func TestFilesThatCannotBeServedAreNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		files fs.FS
		want  string
	}{
		{tree("a.css", "b{src:url(../../etc/passwd)}"), "a.css refers to ../../etc/passwd, which is not there"},
		{tree("a.css", "b{src:url(no.png)}"), "a.css refers to no.png, which is not there"},
		{tree("a.css", "@import 'b.css'", "b.css", "@import 'a.css'"), "a.css refers to itself, through a.css, b.css, a.css"},
		{tree("a b.css", ""), `"a b.css": a name of letters`},
		{tree("x/é/b.css", ""), `"x/é": a name of letters`},
	} {
		err := assets.New(assets.Config{}, &lifecycle.Lifecycle{}).Add("shop", c.files)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v\nwant %s", err, c.want)
		}
	}
	a := started(t, assets.Config{}, tree(".gitkeep", "", ".cache/x", "", "a.css", ""))
	if n := a.Len(); n != 1 {
		t.Errorf("%d files, with those that begin with a dot", n)
	}
	if err := a.Add("shop", tree("a.css", "x")); err == nil || !strings.Contains(err.Error(), "two parts give the file a.css") {
		t.Errorf("two files of one name: %v", err)
	}
}

// decoded undoes a content coding.
func decoded(t *testing.T, coding string, form []byte) string {
	t.Helper()
	var r io.Reader
	var err error
	switch coding {
	case "br":
		r = brotli.NewReader(bytes.NewReader(form))
	case "gzip":
		r, err = gzip.NewReader(bytes.NewReader(form))
	default:
		r, err = zstd.NewReader(bytes.NewReader(form))
	}
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

func TestEachFormIsTheFile(t *testing.T) {
	t.Parallel()
	a := started(t, assets.Config{}, tree("app.css", sheet, "tiny.css", "a{}", "logo.png", sheet))
	f := a.Find([]byte(url(t, a, "shop/app.css")))
	tags := map[string]bool{f.Tag(""): true}
	for _, coding := range []string{"br", "gzip", "zstd"} {
		if got := decoded(t, coding, f.Form(coding)); got != sheet {
			t.Errorf("%s: %.100q", coding, got)
		}
		tags[f.Tag(coding)] = true
	}
	if len(tags) != 4 {
		t.Errorf("the entity tags of four representations: %v", tags)
	}
	for _, name := range []string{"shop/tiny.css", "shop/logo.png"} {
		if a.Find([]byte(url(t, a, name))).Compressible() {
			t.Errorf("%s has forms that gain nothing", name)
		}
	}
}

// What took minutes to compress is used, and nothing is used that was compressed before the file changed.
func TestAFormThatCameWithTheFileIsUsedWhenItIsTheFile(t *testing.T) {
	t.Parallel()
	var best bytes.Buffer
	w := brotli.NewWriterLevel(&best, 11)
	if _, err := w.Write([]byte(sheet)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	a := started(t, assets.Config{}, tree("app.css", sheet, "app.css.br", best.String(), "a.css", "b{src:url(app.css)}"+sheet, "a.css.br", "made of the file as it was"))
	if f := a.Find([]byte(url(t, a, "shop/app.css"))); !bytes.Equal(f.Form("br"), best.Bytes()) || f.Form("gzip") == nil {
		t.Errorf("br has %d bytes, that beside the file %d; gzip has %d", len(f.Form("br")), best.Len(), len(f.Form("gzip")))
	}
	if a.Len() != 2 {
		t.Errorf("%d assets of two files", a.Len())
	}
	for why, files := range map[string]fs.FS{
		"of another version": tree("app.css", sheet+"a{}", "app.css.br", best.String()),
		"of a longer one":    tree("app.css", sheet[1:], "app.css.br", best.String()),
		"cut off":            tree("app.css", sheet, "app.css.br", best.String()[:best.Len()/2]),
		"no such thing":      tree("app.css", sheet, "app.css.gz", "hello"),
	} {
		var lc lifecycle.Lifecycle
		a := assets.New(assets.Config{}, &lc)
		if err := a.Add("shop", files); err != nil {
			t.Fatal(err)
		}
		if err := lc.Start(context.Background()); err == nil || !strings.Contains(err.Error(), "asset shop/app.css.") {
			t.Errorf("%s: %v", why, err)
		}
	}
}
