package dev

import (
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
)

// newTestPage returns a page, and its address.
func newTestPage(t *testing.T, text string) (p *page, addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if p, err = newPage("shop", text, file); err != nil {
		t.Fatal(err)
	}
	return p, l.Addr().String()
}

// The page speaks as much HTTP as any client wants.
func TestPage(t *testing.T) {
	t.Parallel()
	p, addr := newTestPage(t, `a.go:3:5: "</pre><script>"`)
	defer p.stop()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for _, c := range []struct {
		method, accept string
		body           io.Reader
		kind, want     string
	}{
		{"GET", "text/html,application/xhtml+xml", nil, "text/html; charset=utf-8", `<pre>a.go:3:5: &#34;&lt;/pre&gt;&lt;script&gt;&#34;</pre>`},
		{"GET", "", nil, "application/problem+json", `{"code":"not-running","detail":"a.go:3:5: \"\u003c/pre\u003e\u003cscript\u003e\"","status":503,"title":"Service Unavailable","type":"about:blank"}`},
		{"HEAD", "text/html", nil, "text/html; charset=utf-8", ""},
		{"POST", "*/*", strings.NewReader(strings.Repeat("x", restSize/2)), "application/problem+json", `"status":503`},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, "http://"+addr+"/any", c.body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", c.accept)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != 503 || !resp.Close || resp.Header.Get("Content-Type") != c.kind || !strings.Contains(string(body), c.want) || c.want == "" && len(body) > 0 {
			t.Errorf("%s, Accept %s: %s, close %v, %v, %v\n%s", c.method, c.accept, resp.Status, resp.Close, resp.Header, err, body)
		}
	}
}

// A client that says nothing does not keep the application out.
func TestPageStops(t *testing.T) {
	t.Parallel()
	p, addr := newTestPage(t, "broken")
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	resp, err := http.Get("http://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close() // connections are taken in their order: now the silent one is taken, too
	p.stop()
	if n, err := conn.Read(make([]byte, 1)); n != 0 || err == nil || os.IsTimeout(err) {
		t.Errorf("it reads %d bytes, %v", n, err)
	}
}
