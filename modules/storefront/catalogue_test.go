package storefront_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"mime/multipart"
	"net/textproto"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/servertest"
)

const operations = "/api/v1/storefront/products/"

// product makes one that is for sale, and returns its id.
func (a application) product(name string) string {
	sku := strings.ToUpper(strings.ReplaceAll(name, " ", "-"))
	return a.As("anna", "admin").Post("/api/v1/catalog/products", fmt.Sprintf(`{"sku":%q,"name":%q,"price":{"amount":4900,"currency":"EUR"}}`, sku, name)).Want(201).Text("/id")
}

// photo is a landscape in colours of its own.
func photo(t *testing.T, w, h int, hue float64) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			fx, fy := float64(x)/float64(w), float64(y)/float64(h)
			hill := 0.55 + 0.12*math.Sin(5*fx+hue*7) + 0.05*math.Sin(17*fx+hue*3)
			c := color.RGBA{uint8(255 - 90*fy - 60*hue), uint8(190 - 60*fy + 40*hue), uint8(140 + 90*hue), 255}
			if fy > hill {
				d := uint8(120 * (fy - hill))
				c = color.RGBA{40 + d/2 + uint8(50*hue), 90 - d/2, 70 + uint8(60*hue) - d/3, 255}
			}
			if math.Hypot(fx-0.2-hue*0.5, (fy-0.25)*float64(h)/float64(w)) < 0.06 {
				c = color.RGBA{255, 244, 214, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// form is the body of an upload.
func form(t *testing.T, alt string, content []byte) (contentType, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.WriteField("alt", alt); err != nil {
		t.Fatal(err)
	}
	part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="photo.jpg"`}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.String()
}

func TestAPictureComesUpAndReplacesTheOneBefore(t *testing.T) {
	t.Parallel()
	a := boot(t)
	lamp := a.product("Lamp")
	page := func() string { return string(a.Get("/catalog").Want(200).Body) }
	if got := page(); !strings.Contains(got, "<h2>Lamp</h2>") || !strings.Contains(got, "49.00 EUR") || strings.Contains(got, "<picture>") {
		t.Errorf("without a picture: %s", got)
	}
	files := regexp.MustCompile(`/files/[\w.-]+`)
	var before []string
	for _, alt := range []string{"A lamp on a table", "The lamp, lit"} {
		contentType, body := form(t, alt, photo(t, 800, 600, 0.3))
		a.As("anna", "admin").Post(operations+lamp+"/picture", body, "Content-Type", contentType).Want(201).WantAt("/width", "800")
		got := page()
		if !strings.Contains(got, `alt="`+alt+`"`) {
			t.Errorf("the page does not say %s", alt)
		}
		now := files.FindAllString(got, -1)
		for _, file := range now {
			a.Get(file).Want(200).WantHeader("Cache-Control", "public, max-age=31536000, immutable").WantHeader("X-Content-Type-Options", "nosniff")
		}
		for _, file := range before {
			a.Get(file).Want(404)
		}
		before = now
	}
	if len(before) < 5 {
		t.Errorf("the page has the files %v", before)
	}
}

func TestWhatIsNoPictureOfAProductIsRefused(t *testing.T) {
	t.Parallel()
	a := boot(t)
	lamp := a.product("Lamp")
	admin := a.As("anna", "admin")
	good := photo(t, 64, 48, 0)
	for _, c := range []struct {
		what, id, alt, code string
		content             []byte
		status              int
	}{
		{"a page", lamp, "A lamp", "file_type", []byte("<html><script>alert(1)</script>"), 422},
		{"half of a picture", lamp, "A lamp", "image_format", good[:len(good)/2], 422},
		{"a bomb", lamp, "A lamp", "image_too_large", append(append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00\xff\xc0\x00\x11\x08\xff\xff\xff\xff"), "\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01"...), make([]byte, 1000)...), 422},
		{"nothing to say of it", lamp, "", "alt_missing", good, 422},
		{"more than may be", lamp, "A lamp", "file_too_large", append(bytes.Clone(good), make([]byte, 10<<20)...), 422},
		{"no product", "0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f01", "A lamp", "no_such_product", good, 404},
		{"no id", "lamp", "A lamp", "no_such_product", good, 404},
	} {
		contentType, body := form(t, c.alt, c.content)
		admin.Post(operations+c.id+"/picture", body, "Content-Type", contentType).WantProblem(c.status, c.code)
	}
	contentType, body := form(t, "A lamp", good)
	a.Post(operations+lamp+"/picture", body, "Content-Type", contentType).WantProblem(401, "unauthenticated")
	a.As("ben").Post(operations+lamp+"/picture", body, "Content-Type", contentType).WantProblem(403, "forbidden")
	if got := string(a.Get("/catalog").Want(200).Body); strings.Contains(got, "<picture>") {
		t.Errorf("one of them is shown: %s", got)
	}
}

// What is for sale no more is not shown, and what somebody has called it does nothing.
func TestThePageShowsWhatIsForSale(t *testing.T) {
	t.Parallel()
	a := boot(t)
	if got := string(a.Get("/catalog").Want(200).WantHeader("Cache-Control", "public, max-age=0, s-maxage=30, stale-while-revalidate=60").Body); !strings.Contains(got, "nothing for sale") {
		t.Errorf("without a product: %s", got)
	}
	a.product("<script>alert(1)</script>")
	gone := a.product("Gone")
	a.As("anna", "admin").Patch("/api/v1/catalog/products/"+gone, `{"active":false}`).Want(200)
	if got := string(a.Get("/catalog").Want(200).Body); strings.Contains(got, "Gone") || strings.Contains(got, "<script>") || !strings.Contains(got, "&lt;script&gt;") {
		t.Errorf("%s", got)
	}
}

// What looks like a file behind the page is no other way to it: a cache in front that keeps files, whatever their headers say, gets nothing to keep.
func TestNothingBehindThePageLooksLikeAFile(t *testing.T) {
	t.Parallel()
	a := boot(t)
	for _, tail := range []string{"/x.css", ";x.css", ".css", "%2fx.css", "%00.css", "%3fx.css", "%23.css", "/%2e%2e/x.css", "/..;/x.css", "/;x.css", "/.css"} {
		if r := a.Get("/catalog" + tail); r.Status != 400 && r.Status != 404 || r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: status %d, Cache-Control %q", tail, r.Status, r.Header.Get("Cache-Control"))
		}
	}
}

// A browser takes the width that it needs, loads what is about to be seen, and has nothing to complain of. BANYAN_SCREENSHOTS names a folder for what
// it shows.
func TestABrowserShowsTheCatalogue(t *testing.T) {
	t.Parallel()
	browser := servertest.StartBrowser(t)
	a := boot(t)
	for i := range 12 {
		name := []string{"Reading lamp", "Oak table", "Wool blanket", "Tea pot", "Wall clock", "Linen cushion"}[i%6] + fmt.Sprintf(" %d", i+1)
		product := a.product(name)
		if i == 3 {
			continue // one without a picture
		}
		width := 640
		if i == 11 { // the newest one, which comes first
			width = 1600
		}
		contentType, body := form(t, name, photo(t, width, width*3/4, float64(i)/12))
		a.As("anna", "admin").Post(operations+product+"/picture", body, "Content-Type", contentType).Want(201)
	}
	const pictures = `Promise.all([...document.images].filter(i => i.loading != "lazy").map(i => i.decode())).then(() =>
		[...document.images].map(i => ({chosen: i.currentSrc, loading: i.loading, alt: i.alt, wide: i.clientWidth, high: i.clientHeight, loaded: i.complete && i.naturalWidth > 0})))`
	for _, c := range []struct {
		name          string
		width, height int
		scale         float64
		want          string // of the first picture
	}{
		{"desktop", 1280, 800, 1, "thumb.320.webp"},
		{"dense", 1280, 800, 2, "card.640.webp"},
		{"phone", 390, 844, 3, "hero.1280.webp"},
	} {
		page := browser.Open(a.URL+"/catalog", c.width, c.height, c.scale)
		var seen []struct {
			Chosen, Loading, Alt string
			Wide, High           int
			Loaded               bool
		}
		if err := json.Unmarshal([]byte(page.Eval(pictures)), &seen); err != nil {
			t.Fatal(err)
		}
		if len(seen) != 11 {
			t.Fatalf("%s: %d pictures", c.name, len(seen))
		}
		if !strings.HasSuffix(seen[0].Chosen, c.want) || !seen[0].Loaded || seen[0].Loading == "lazy" {
			t.Errorf("%s: the first picture is %+v, want %s", c.name, seen[0], c.want)
		}
		for i, p := range seen {
			if lazy := i >= 4; lazy != (p.Loading == "lazy") || p.Alt == "" || p.Wide < 100 || p.High < 75 {
				t.Errorf("%s: picture %d is %+v", c.name, i, p)
			}
		}
		if c.name == "phone" && seen[10].Loaded {
			t.Error("phone: the last picture is loaded, far below what is seen")
		}
		const fits = `document.documentElement.scrollWidth <= document.documentElement.clientWidth`
		if style := page.Eval(`getComputedStyle(document.querySelector(".cards")).display + " " + (` + fits + `)`); style != `"grid true"` {
			t.Errorf("%s: the style is %s", c.name, style)
		}
		if len(page.Problems) > 0 {
			t.Errorf("%s: the browser complains: %s", c.name, page.Problems)
		}
		if dir := os.Getenv("BANYAN_SCREENSHOTS"); dir != "" {
			if err := os.WriteFile(filepath.Join(dir, c.name+".png"), page.Screenshot(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}
