package app_test

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// devPage is the page for developers of a program, taken apart.
type devPage struct {
	text  string
	links []string
	tags  []string
}

func (r *running) devPage() devPage {
	r.t.Helper()
	p := devPage{text: r.wantGet(r.url+"/", 200)}
	closed := regexp.MustCompile(`<(meta|link)\b[^>]*`).ReplaceAllString(p.text, "$0/") // to HTML they are, to XML not
	d := xml.NewDecoder(strings.NewReader(closed))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return p
		}
		if err != nil {
			r.t.Fatalf("the page is not well-formed: %v\n%s", err, p.text)
		}
		tag, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		p.tags = append(p.tags, tag.Name.Local)
		for _, a := range tag.Attr {
			if a.Name.Local == "href" && tag.Name.Local == "a" {
				p.links = append(p.links, a.Value)
			}
		}
	}
}

// The first thing that a developer sees: the modules with their operations, links that work, and what to type next.
func TestDevPage(t *testing.T) {
	t.Parallel()
	r := newMachine(t).serve("--mode", "dev")
	p := r.devPage()
	for _, want := range []string{
		"<h1>prog</h1>", "profile single", "<h2>notes</h2>", "<td>GET</td><td><code>/api/v1/notes/notes</code></td><td>Count &lt;the&gt; notes</td>",
		"<code>/api/v1/notes/raw</code>", "banyan generate resource notes/category name:string:required,unique", "banyan db seed --rows 1000", "banyan test",
	} {
		if !strings.Contains(p.text, want) {
			t.Errorf("the page lacks %s\n%s", want, p.text)
		}
	}
	want := []string{"/docs", "/openapi.json", "/problems", "/dev/mailbox", r.ops + "/readyz", r.ops + "/metrics"}
	if !slices.Equal(p.links, want) {
		t.Errorf("the links are %q, want %q", p.links, want)
	}
	for _, link := range p.links {
		if strings.HasPrefix(link, "/") {
			link = r.url + link
		}
		r.wantGet(link, 200)
	}
	if slices.Contains(p.tags, "script") || regexp.MustCompile(`(?i)(src|href)="https?://[^l]`).MatchString(p.text) {
		t.Errorf("the page loads something: %s", p.text)
	}
}

func TestDevPageWithoutModules(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.program = program(variant{bare: true})
	p := m.serve("--mode", "dev").devPage()
	if !strings.Contains(p.text, "No modules yet") || !strings.Contains(p.text, "banyan generate resource catalog/product") {
		t.Errorf("the page does not say how to begin: %s", p.text)
	}
}

// Where the docs are switched off nothing leads to them.
func TestDevPageWithoutDocs(t *testing.T) {
	t.Parallel()
	r := newMachine(t).serve("--mode", "dev", "--set", "api.docs=off")
	for _, link := range r.devPage().links {
		if strings.HasPrefix(link, "/") {
			r.wantGet(r.url+link, 200)
		}
	}
}

// The page tells of the inside, so nobody else may frame it and it runs nothing.
func TestDevPageHeaders(t *testing.T) {
	t.Parallel()
	r := newMachine(t).serve("--mode", "dev")
	resp, err := r.client.Get(r.url + "/")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("Content-Type: %s", got)
	}
	policy := resp.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("Content-Security-Policy lacks %s: %s", want, policy)
		}
	}
	if resp.StatusCode != http.StatusOK || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s %v", resp.Status, resp.Header)
	}
}

// While the newest source does not run the page says why, and comes again by itself; a compile error may hold whatever a source may hold.
func TestDevPageSaysWhatIsBroken(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "broken")
	r := newMachine(t, "BANYAN_BROKEN="+file).serve("--mode", "dev")
	const hint, again = "The newest source does not run", `http-equiv="refresh"`
	if p := r.devPage(); strings.Contains(p.text, hint) || strings.Contains(p.text, again) {
		t.Errorf("nothing is broken, and the page says\n%s", p.text)
	}
	if err := os.WriteFile(file, []byte("a.go:3:5: undefined: \"</pre><script>alert(1)</script>\" & {{.Name}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := r.devPage()
	if !strings.Contains(p.text, hint) || !strings.Contains(p.text, again) ||
		!strings.Contains(p.text, "<pre>a.go:3:5: undefined: &#34;&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#34; &amp; {{.Name}}\n</pre>") {
		t.Errorf("the page says\n%s", p.text)
	}
	if slices.Contains(p.tags, "script") {
		t.Error("the text of the error is markup")
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if p := r.devPage(); strings.Contains(p.text, hint) {
		t.Errorf("it is mended, and the page says\n%s", p.text)
	}
}
