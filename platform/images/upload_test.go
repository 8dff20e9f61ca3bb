package images_test

import (
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/files"
	"github.com/banyan-go/banyan/platform/files/disk"
	"github.com/banyan-go/banyan/platform/images"
	"github.com/banyan-go/banyan/platform/images/spec"
	"github.com/banyan-go/banyan/platform/images/webp"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/patch"
)

func TestAPictureOfARequest(t *testing.T) {
	t.Parallel()
	s := open(t, webp.Driver{})
	variants := spec.MustParse("thumb.16")
	form := apptest.Picture()
	for alt, code := range map[string]string{strings.Repeat("ö", 256): "max_length", "a\x00b": "nul"} {
		form.Values["alt"] = alt
		_, err := s.Receive(t.Context(), form.Arriving(func() {}), files.Rule{}, variants)
		if err == nil || !strings.Contains(err.Error(), "/alt") && !strings.Contains(err.Error(), code) {
			t.Errorf("%.10q: %v", alt, err)
		}
	}
	stray := apptest.Picture()
	stray.Values["title"] = "A lamp"
	if _, err := s.Receive(t.Context(), stray.Arriving(func() {}), files.Rule{}, variants); err == nil || !strings.Contains(err.Error(), "/title is not a known field; there are file, alt") {
		t.Errorf("a field that nobody knows: %v", err)
	}
	document := apptest.Document()
	if _, err := s.Receive(t.Context(), document.Arriving(func() {}), files.Rule{}, variants); err == nil {
		t.Error("a document is a picture")
	}
	if there := s.there(t, ""); len(there) > 0 {
		t.Errorf("of what was refused there is %v", there)
	}

	form.Values["alt"] = " " + strings.Repeat("ö", 255) + "\n"
	p, err := s.Receive(t.Context(), form.Arriving(func() {}), files.Rule{}, variants)
	if err != nil || p.Width != 40 || p.Height != 30 || p.Alt != strings.Repeat("ö", 255) || len(s.there(t, "")) != 3 {
		t.Fatalf("%+v, %v; there is %v", p, err, s.there(t, ""))
	}
	if back := images.ColumnsOf(&p); !reflect.DeepEqual(back.Upload(variants), &p) || back.Stored() != p.File {
		t.Errorf("the columns turn\n%+v into\n%+v", p, back.Upload(variants))
	}
	if none := images.ColumnsOf(nil); none != (images.Columns{}) || none.Upload(variants) != nil || none.Stored() != "" {
		t.Errorf("no picture is %+v", none)
	}
	for text, want := range map[string]string{" A lamp ": "A lamp", "A lamp": "A lamp", "": ""} {
		changes := p.Alt != want
		if changed, err := images.Describe(&p, patch.Set(text)); err != nil || changed != changes || p.Alt != want {
			t.Errorf("%q: %q, changed %v, %v", text, p.Alt, changed, err)
		}
	}
	if _, err := images.Describe(&p, patch.Set(strings.Repeat("ö", 256))); err == nil || !strings.Contains(err.Error(), "/alt") {
		t.Errorf("a long text: %v", err)
	}
	if _, err := images.Describe(nil, patch.Set("A lamp")); !errors.Is(err, files.ErrNotFound) {
		t.Errorf("of no picture: %v", err)
	}
	p.Alt = "A lamp"
	if changed, err := images.Describe(&p, patch.Change[string]{}); changed || err != nil || p.Alt != "A lamp" {
		t.Errorf("nothing: %q, changed %v, %v", p.Alt, changed, err)
	}
	if html := string(p.HTML(images.Show{})); !strings.Contains(html, `alt="`+p.Alt+`"`) {
		t.Errorf("a page shows %s", html)
	}
}

// A program without a driver starts as long as nobody wants images, and says what to write where somebody does.
func TestAProgramWithoutADriver(t *testing.T) {
	t.Parallel()
	var lc lifecycle.Lifecycle
	f, err := files.New(files.Default(), t.TempDir(), files.Drivers{"disk": disk.Driver{}}, slog.New(slog.DiscardHandler), &lc)
	if err != nil {
		t.Fatal(err)
	}
	for _, wanted := range []bool{false, true} {
		var own lifecycle.Lifecycle
		m, err := images.New(images.Default(), nil, f, &own)
		if err != nil {
			t.Fatal(err)
		}
		if wanted {
			m.Announce()
		}
		switch err := own.Start(t.Context()); {
		case !wanted && err != nil:
			t.Error(err)
		case wanted && (err == nil || !strings.Contains(err.Error(), `add Images: images.Drivers{"webp": webp.Driver{}} to the drivers in drivers.go`)):
			t.Errorf("the start says %v", err)
		}
		if _, err := m.Receive(t.Context(), apptest.Picture().Arriving(func() {}), files.Rule{}, nil); err == nil {
			t.Error("it receives something")
		}
	}
	if got := images.Errors(); !slices.Contains(got, images.ErrFormat) || !slices.Contains(got, files.ErrTooLarge) {
		t.Errorf("%v", got)
	}
}
