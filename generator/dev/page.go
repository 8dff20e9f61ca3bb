package dev

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"html/template"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

//go:embed page.html
var pageText string

// page answers every request while no application does, and says why none does.
type page struct {
	name   string
	text   atomic.Pointer[string]
	html   *template.Template
	server *http.Server
	ended  chan struct{}
}

// newPage answers with a text on a socket until stop.
func newPage(name, text string, file *os.File) (*page, error) {
	html, err := template.New("page").Parse(pageText)
	if err != nil {
		return nil, err
	}
	l, err := net.FileListener(file)
	if err != nil {
		return nil, err
	}
	p := &page{name: name, html: html, ended: make(chan struct{})}
	p.text.Store(&text)
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second}
	p.server.SetKeepAlivesEnabled(false) // the next request may be the application's
	go func() {
		defer close(p.ended)
		_ = p.server.Serve(l) // until stop; a browser that finds nobody is no reason to end
	}()
	return p, nil
}

// stop takes no more requests and gives those that run a moment.
func (p *page) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 250*time.Millisecond)
	defer cancel()
	if err := p.server.Shutdown(ctx); err != nil {
		_ = p.server.Close() // somebody does not read the answer
	}
	<-p.ended
}

// ServeHTTP is part of http.Handler: a page for browsers, a problem (RFC 9457) for everybody else.
func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text := *p.text.Load()
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Retry-After", "2")
	var body bytes.Buffer
	var err error
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		h.Set("Content-Type", "text/html; charset=utf-8")
		err = p.html.Execute(&body, map[string]string{"Name": p.name, "Text": text})
	} else {
		h.Set("Content-Type", "application/problem+json")
		err = json.NewEncoder(&body).Encode(map[string]any{
			"type": "about:blank", "title": http.StatusText(http.StatusServiceUnavailable), "status": http.StatusServiceUnavailable,
			"code": "not-running", "detail": text,
		})
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write(body.Bytes()) // the client has gone: nobody to tell
}

// report is the file in which an application that runs finds why the newest source does not: its page at / shows it.
type report string

func (r report) write(text string) error {
	whole := string(r) + ".new"
	if err := os.WriteFile(whole, []byte(text), 0o600); err != nil {
		return err
	}
	if err := os.Rename(whole, string(r)); err != nil {
		return errors.Join(err, remove(whole))
	}
	return nil
}

func (r report) clear() error { return remove(string(r)) }
