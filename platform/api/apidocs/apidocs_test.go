package apidocs_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/api/apidocs"
	"github.com/banyan-go/banyan/platform/fault"
)

// pages serves endpoints as the server does, but for what that one adds to every answer.
type pages struct {
	t   *testing.T
	app *fiber.App
}

func serve(t *testing.T, endpoints ...api.Endpoint) pages {
	t.Helper()
	app := fiber.New(fiber.Config{StrictRouting: true})
	for _, e := range endpoints {
		if e.Method != http.MethodGet || e.Path != e.FiberPath || e.Serve != nil {
			t.Errorf("%s %s: fiber knows it as %s", e.Method, e.Path, e.FiberPath)
		}
		app.Add(e.Method, e.FiberPath, e.Handler)
	}
	return pages{t, app}
}

// get asks for a page; headers are lines.
func (p pages) get(path string, headers ...string) (header http.Header, body string) {
	p.t.Helper()
	req := httptest.NewRequestWithContext(p.t.Context(), http.MethodGet, path, nil)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Add(name, value)
	}
	resp, err := p.app.Test(req, -1)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close() // it is read below
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		p.t.Errorf("%s: %s", path, resp.Status)
	}
	return resp.Header, string(b)
}

func TestPagesOfTheDocument(t *testing.T) {
	t.Parallel()
	const document = `{"openapi":"3.1.0"}`
	p := serve(t, apidocs.Document("Shop", []byte(document))...)
	for path, c := range map[string]struct{ contentType, holds string }{
		"/openapi.json":        {"application/json", document},
		"/docs":                {"text/html; charset=utf-8", "<title>Shop API</title>"},
		"/docs/docs.js":        {"text/javascript; charset=utf-8", `SwaggerUIBundle({ url: "/openapi.json"`},
		"/docs/swagger-ui.js":  {"text/javascript; charset=utf-8", "SwaggerUIBundle"},
		"/docs/swagger-ui.css": {"text/css; charset=utf-8", ".swagger-ui"},
	} {
		header, body := p.get(path)
		if got := header.Get("Content-Type"); got != c.contentType || !strings.Contains(body, c.holds) {
			t.Errorf("%s: %s, %.80q does not hold %q", path, got, body, c.holds)
		}
		// Tools of a browser may read the document and nothing else from another origin.
		if got := header.Get("Access-Control-Allow-Origin"); (got == "*") != (path == "/openapi.json") {
			t.Errorf("%s: Access-Control-Allow-Origin is %q", path, got)
		}
	}
}

// directives reads a content security policy.
func directives(policy string) map[string][]string {
	all := map[string][]string{}
	for d := range strings.SplitSeq(policy, ";") {
		if words := strings.Fields(d); len(words) > 0 {
			all[words[0]] = words[1:]
		}
	}
	return all
}

func TestPagesMayReachThisServerAlone(t *testing.T) {
	t.Parallel()
	p := serve(t, slices.Concat(apidocs.Document("Shop", nil), apidocs.Problems())...)
	for _, path := range []string{"/docs", "/problems", "/problems/not-found"} {
		header, _ := p.get(path)
		policy := directives(header.Get("Content-Security-Policy"))
		for name, want := range map[string]string{"default-src": "'none'", "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'"} {
			if got := strings.Join(policy[name], " "); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		for name, sources := range policy {
			for _, s := range sources {
				if s != "'none'" && s != "'self'" && s != "data:" && (s != "'unsafe-inline'" || name != "style-src") {
					t.Errorf("%s: %s allows %s", path, name, s)
				}
			}
		}
		if slices.Contains(policy["script-src"], "data:") || path != "/docs" && policy["script-src"] != nil {
			t.Errorf("%s: script-src is %q", path, policy["script-src"])
		}
	}
}

// The pages work on a machine without a network, and tell nobody that somebody reads them.
func TestPagesNameNoOtherHost(t *testing.T) {
	t.Parallel()
	foreign := regexp.MustCompile(`(?i)[a-z]+://|["'(=\s]//[a-z0-9]|@import|<base|<iframe`)
	p := serve(t, slices.Concat(apidocs.Document("Shop", nil), apidocs.Problems())...)
	for _, path := range []string{"/docs", "/docs/docs.js", "/problems", "/problems/conflict"} {
		if _, body := p.get(path); foreign.MatchString(body) {
			t.Errorf("%s: %q", path, foreign.FindString(body))
		}
	}
	_, page := p.get("/docs")
	for _, m := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if m[1] != "data:," {
			p.get(m[1]) // it is there
		}
	}
	if regexp.MustCompile(`<script>|\son[a-z]+=`).MatchString(page) {
		t.Error("the page has a script inside, which its policy forbids")
	}
	// Swagger UI would send the document to validator.swagger.io, and by the address of this page another one could be shown.
	if _, script := p.get("/docs/docs.js"); !strings.Contains(script, "validatorUrl: null") || strings.Contains(script, "queryConfigEnabled") {
		t.Errorf("the settings of Swagger UI are %s", script)
	}
}

func TestTitlesAreText(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]string{
		`</title><script>alert(1)</script>`: "<title>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt; API</title>",
		`"><img src=x onerror=alert(1)>`:    "<title>&#34;&gt;&lt;img src=x onerror=alert(1)&gt; API</title>",
		"Größe & <b>":                       "<title>Größe &amp; &lt;b&gt; API</title>",
		"{{.}}":                             "<title>{{.}} API</title>",
	} {
		if _, body := serve(t, apidocs.Document(title, nil)...).get("/docs"); !strings.Contains(body, want) || strings.Count(body, "<script") != 2 {
			t.Errorf("%s: %s", title, body)
		}
	}
}

func TestAssetsAreCompressedForThoseWhoTakeIt(t *testing.T) {
	t.Parallel()
	p := serve(t, apidocs.Document("Shop", nil)...)
	for path, file := range map[string]string{"/docs/swagger-ui.js": "swagger/swagger-ui-bundle.js.gz", "/docs/swagger-ui.css": "swagger/swagger-ui.css.gz"} {
		packed, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		plain, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			accept string
			gzip   bool
		}{
			{"gzip, deflate, br, zstd", true},
			{"GZIP;q=0.1, br", true},
			{"", false},
			{"identity", false},
			{"br", false},
			{"gzip;q=0", false},
			{"*", false}, // which asks for nothing in particular
			{"gzip;q=x", false},
		} {
			header, body := p.get(path, "Accept-Encoding: "+c.accept)
			want, coding := string(plain), ""
			if c.gzip {
				want, coding = string(packed), "gzip"
			}
			if got := header.Get("Content-Encoding"); got != coding || body != want {
				t.Errorf("%s, %q: coding %q, %d bytes, want %q, %d", path, c.accept, got, len(body), coding, len(want))
			}
			if got := header.Get("Vary"); got != "Accept-Encoding" {
				t.Errorf("%s, %q: Vary is %q", path, c.accept, got)
			}
		}
	}
}

// The type of a problem body is an address: it leads to a page that explains it.
func TestEveryProblemHasItsPage(t *testing.T) {
	t.Parallel()
	p := serve(t, apidocs.Problems()...)
	_, all := p.get("/problems")
	for _, typ := range api.ProblemTypes() {
		header, body := p.get("/problems/" + typ.Slug)
		heading := fmt.Sprintf("<h1>%s <small>%d</small></h1>", typ.Title, typ.Status)
		if got := header.Get("Content-Type"); got != "text/html; charset=utf-8" || !strings.Contains(body, heading) || !strings.Contains(body, typ.Help) {
			t.Errorf("%s: %s %s", typ.Slug, got, body)
		}
		if link := fmt.Sprintf(`<a href="/problems/%s">%s</a>`, typ.Slug, typ.Title); !strings.Contains(all, link) || !strings.Contains(all, typ.Help) {
			t.Errorf("the page of all problems does not hold %s", link)
		}
	}
	for kind := fault.Internal; kind <= fault.Unavailable; kind++ {
		p.get("/problems/" + kind.String())
	}
}
