package images_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/files"
	"github.com/banyan-go/banyan/platform/files/disk"
	"github.com/banyan-go/banyan/platform/images"
	"github.com/banyan-go/banyan/platform/images/driver"
	"github.com/banyan-go/banyan/platform/images/spec"
	"github.com/banyan-go/banyan/platform/images/webp"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/unit"
)

// studio is images over files in a folder of the test.
type studio struct {
	*images.Images
	files *files.Files
	dir   string
}

// patience is for what has no limit in a test: with the race detector, on a busy machine, the encoder alone may take a minute to compile.
const patience = 10 * time.Minute

func open(t *testing.T, d driver.Driver, change ...func(*images.Config)) studio {
	t.Helper()
	dir := t.TempDir()
	var lc lifecycle.Lifecycle
	f, err := files.New(files.Default(), dir, files.Drivers{"disk": disk.Driver{}}, slog.New(slog.DiscardHandler), &lc)
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
	cfg := images.Default()
	cfg.Timeout = patience
	for _, c := range change {
		c(&cfg)
	}
	m, err := images.New(cfg, images.Drivers{"webp": d}, f, &lc)
	if err != nil {
		t.Fatal(err)
	}
	return studio{m, f, dir}
}

// upload keeps a file as a handler does.
func (s studio) upload(t *testing.T, data []byte) files.Name {
	t.Helper()
	stored, err := s.files.Put(t.Context(), bytes.NewReader(data), files.Rule{})
	if err != nil {
		t.Fatal(err)
	}
	return stored.Name
}

// there are the files in the folder, in order, with N for what is random.
func (s studio) there(t *testing.T, random string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(s.dir, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range all {
		all[i] = strings.ReplaceAll(filepath.Base(name), random, "N")
	}
	slices.Sort(all)
	return all
}

func picture(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = 200
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAnUploadBecomesPublicVariantsAndStaysPrivate(t *testing.T) {
	t.Parallel()
	s := open(t, webp.Driver{})
	name := s.upload(t, picture(t, 600, 300))
	random := string(name[4:36])
	want := []string{"own-N.png", "pub-N-hero.1280.jpg", "pub-N-hero.1280.webp", "pub-N-thumb.320.jpg", "pub-N-thumb.320.webp"}
	used := int64(0)
	for range 2 { // a retry makes the same
		p, err := s.Make(t.Context(), name, spec.MustParse("thumb.320+hero.1280"))
		if err != nil {
			t.Fatal(err)
		}
		if p.Width != 600 || p.Height != 300 || p.File != name {
			t.Errorf("%+v", p)
		}
		if got := s.there(t, random); !slices.Equal(got, want) {
			t.Errorf("there is %v", got)
		}
		if used != 0 && used != s.files.Used() {
			t.Errorf("%d bytes, the second time %d", used, s.files.Used())
		}
		used = s.files.Used()
	}
	for _, variant := range want[1:] {
		if n, ok := files.ParseName(strings.ReplaceAll(variant, "N", random)); !ok || !n.Public() {
			t.Errorf("%s is not public", variant)
		}
	}
	if err := s.files.Delete(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	if got := s.there(t, random); len(got) > 0 || s.files.Used() != 0 {
		t.Errorf("after the deletion there is %v", got)
	}
}

// mute is a codec that says what a test wants of an image, and waits.
type mute struct {
	header  driver.Header
	began   chan struct{} // nil where nobody may get as far
	release chan struct{}
	t       *testing.T
}

func (m *mute) Open() (driver.Codec, error)           { return m, nil }
func (m *mute) Inspect([]byte) (driver.Header, error) { return m.header, nil }
func (m *mute) Convert(ctx context.Context, _ []byte, widths []int, _ int) (all []driver.Encoded, err error) {
	if m.began == nil {
		m.t.Error("it was decoded")
		return nil, driver.ErrFormat
	}
	m.began <- struct{}{}
	select {
	case <-m.release:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for _, w := range widths {
		all = append(all, driver.Encoded{Width: w, Height: 1, WebP: []byte("w"), JPEG: []byte("j")})
	}
	return all, nil
}

func TestABombIsNotDecoded(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]driver.Header{
		"65,535 x 65,535":         {Format: "png", Width: 65535, Height: 65535, Frames: 1},
		"one pixel too many":      {Format: "png", Width: 1001, Height: 1000, Frames: 1},
		"16 bits for a colour":    {Format: "png", Width: 501, Height: 1000, Deep: true, Frames: 1},
		"a thousand and one":      {Format: "gif", Width: 10, Height: 10, Frames: 1001},
		"wide enough to overflow": {Format: "png", Width: 1 << 31, Height: 1 << 31, Frames: 1},
	} {
		s := open(t, &mute{header: h, t: t}, func(c *images.Config) { c.MaxPixels, c.MaxFrames = 1_000_000, 1000 })
		if _, err := s.Make(t.Context(), s.upload(t, picture(t, 1, 1)), spec.MustParse("a.100")); !errors.Is(err, images.ErrPixels) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// WebP has a longest side. An image with a variant beyond it is refused before it is decoded, whatever the image itself has; one with the longest is made.
func TestAVariantIsNoLongerThanWebPTakes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		width, height int
		variants      string
	}{
		"a chat on a screen":               {1080, 20000, "thumb.320+hero.1080"},
		"smaller than its variants":        {100, 16384, "hero.1280"},
		"larger than they are, and narrow": {40, 50000, "a.16"},
		"a pixel too much":                 {1900, 16384, "b.16+a.1900"},
	} {
		s := open(t, &mute{header: driver.Header{Format: "png", Width: c.width, Height: c.height, Frames: 1}, t: t})
		_, err := s.Make(t.Context(), s.upload(t, picture(t, 1, 1)), spec.MustParse(c.variants))
		if wrong, ok := errors.AsType[*fault.Error](err); !ok || !errors.Is(err, images.ErrPixels) || !strings.Contains(wrong.Detail, "no side may have more than 16383.") {
			t.Errorf("%s: %v", name, err)
		}
	}
	flat := []spec.Variant{{Name: "a", Width: 20000}} // which a list would not have
	s := open(t, &mute{header: driver.Header{Format: "png", Width: 16384, Height: 2, Frames: 1}, t: t})
	if _, err := s.Make(t.Context(), s.upload(t, picture(t, 1, 1)), flat); !errors.Is(err, images.ErrPixels) {
		t.Errorf("a flat one: %v", err)
	}
	for _, h := range []driver.Header{{Width: 32, Height: 16383}, {Width: 1_000_000, Height: 1}, {Width: 64, Height: 20000}} {
		h.Frames = 1
		codec := &mute{header: h, began: make(chan struct{}, 1), release: make(chan struct{})}
		close(codec.release)
		s := open(t, codec)
		if _, err := s.Make(t.Context(), s.upload(t, picture(t, 1, 1)), spec.MustParse("a.16+b.32")); err != nil {
			t.Errorf("%d x %d: %v", h.Width, h.Height, err)
		}
	}
}

func TestFewAreWorkedOnAndFewWait(t *testing.T) {
	t.Parallel()
	codec := &mute{header: driver.Header{Width: 10, Height: 10, Frames: 1}, began: make(chan struct{}, 10), release: make(chan struct{})}
	s := open(t, codec, func(c *images.Config) { c.Parallel, c.Queue = unit.Exactly(2), 1 })
	name := s.upload(t, picture(t, 10, 10))
	results := make(chan error, 4)
	work := func() {
		_, err := s.Make(t.Context(), name, spec.MustParse("a.100"))
		results <- err
	}
	for range 2 {
		go work()
		<-codec.began
	}
	// Of the next two one waits, and the other one is sent away at once.
	go work()
	go work()
	if err := <-results; !errors.Is(err, images.ErrBusy) {
		t.Errorf("one more than can wait: %v", err)
	}
	select {
	case <-codec.began:
		t.Error("three are worked on")
	default:
	}
	close(codec.release)
	for range 3 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

func TestAnImageThatTakesTooLongIsGivenUp(t *testing.T) {
	t.Parallel()
	codec := &mute{header: driver.Header{Width: 10, Height: 10, Frames: 1}, began: make(chan struct{}, 1)}
	s := open(t, codec, func(c *images.Config) { c.Timeout = 1 })
	if _, err := s.Make(t.Context(), s.upload(t, picture(t, 10, 10)), spec.MustParse("a.100")); !errors.Is(err, images.ErrBusy) {
		t.Errorf("%v", err)
	}
}

func TestWhatIsNoImageIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t, webp.Driver{})
	if _, err := s.Make(t.Context(), s.upload(t, []byte("<html>")), spec.MustParse("a.100")); !errors.Is(err, images.ErrFormat) {
		t.Errorf("%v", err)
	}
	if _, err := s.Make(t.Context(), "own-"+files.Name(strings.Repeat("0", 32))+".png", spec.MustParse("a.100")); !errors.Is(err, files.ErrNotFound) {
		t.Errorf("a file that is not there: %v", err)
	}
	var none *images.Images
	if _, err := none.Make(t.Context(), "", nil); err == nil || !strings.Contains(err.Error(), "drivers.go") {
		t.Errorf("a program without a driver: %v", err)
	}
	if _, err := os.Stat(s.dir); err != nil {
		t.Error(err)
	}
}

func TestThePictureLeavesTheChoiceToTheBrowser(t *testing.T) {
	t.Parallel()
	p := images.Picture{File: "own-" + files.Name(strings.Repeat("0", 32)) + ".png", Width: 1000, Height: 500, Variants: spec.MustParse("hero.1280+thumb.320+wide.2560")}
	short := strings.NewReplacer(strings.Repeat("0", 32), "N")
	got := short.Replace(string(p.HTML(images.Show{Alt: `A "lamp" <b>`, Sizes: "(min-width: 60rem) 20rem, 50vw"})))
	want := `<picture><source type="image/webp" srcset="/files/pub-N-thumb.320.webp 320w, /files/pub-N-hero.1280.webp 1000w" sizes="(min-width: 60rem) 20rem, 50vw">` +
		`<img src="/files/pub-N-hero.1280.jpg" srcset="/files/pub-N-thumb.320.jpg 320w, /files/pub-N-hero.1280.jpg 1000w" sizes="(min-width: 60rem) 20rem, 50vw"` +
		` width="1000" height="500" alt="A &#34;lamp&#34; &lt;b&gt;" loading="lazy" decoding="async"></picture>`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	eager := string(p.HTML(images.Show{Eager: true, Class: "hero"}))
	if strings.Contains(eager, "lazy") || !strings.Contains(eager, `class="hero" fetchpriority="high"`) || !strings.Contains(eager, `alt=""`) || !strings.Contains(eager, `sizes="100vw"`) {
		t.Errorf("%s", eager)
	}
	if got := (&images.Picture{}).HTML(images.Show{}); got != "" {
		t.Errorf("no picture is %s", got)
	}
}

func TestDriverThatIsNotThere(t *testing.T) {
	t.Parallel()
	cfg := images.Default()
	cfg.Driver = "tape"
	_, err := images.New(cfg, images.Drivers{"webp": nil}, nil, &lifecycle.Lifecycle{})
	wrong, ok := errors.AsType[config.Problems](err)
	if want := (config.Problem{Key: "images.driver", Got: `"tape" is not compiled in`, Hint: "one of webp (drivers.go)"}); !ok || len(wrong) != 1 || wrong[0] != want {
		t.Errorf("got %v, want %v", err, want)
	}
}
