package dev

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net"
	"net/textproto"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

//go:embed page.html
var pageText string

// The limits of a request that is answered by the page.
const (
	pageTime = 5 * time.Second        // of its connection
	lastTime = 250 * time.Millisecond // of that, when the page stops
	pageSize = 64 << 10               // of its headers
	restSize = 1 << 20                // of what is sent behind them and not wanted
)

// page answers every request while no application does, and says why none does. It speaks as much HTTP/1.1 as one answer takes, each on a
// connection of its own: package net/http would be most of what the command links.
type page struct {
	name     string
	text     atomic.Pointer[string]
	html     *template.Template
	listener net.Listener
	served   chan struct{} // closed when no more connections are taken
	running  sync.WaitGroup
	open     sync.Map // net.Conn, nothing
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
	p := &page{name: name, html: html, listener: l, served: make(chan struct{})}
	p.text.Store(&text)
	go p.serve()
	return p, nil
}

// stop takes no more requests and gives those that run a moment; browsers open connections ahead on which nothing comes.
func (p *page) stop() {
	_ = p.listener.Close() // this hold on the socket
	<-p.served
	p.open.Range(func(conn, _ any) bool {
		_ = conn.(net.Conn).SetDeadline(time.Now().Add(lastTime)) // it may be closed
		return true
	})
	p.running.Wait()
}

func (p *page) serve() {
	defer close(p.served)
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return // most likely it is stopped; a browser that finds nobody is no reason to end
		}
		_ = conn.SetDeadline(time.Now().Add(pageTime)) // one that has ended says so when it is read
		p.open.Store(conn, nil)
		p.running.Go(func() {
			_ = p.answer(conn) // the client has gone: nobody to tell
			_ = conn.Close()
			p.open.Delete(conn)
		})
	}
}

// answer reads a request up to its body and answers it.
func (p *page) answer(conn net.Conn) error {
	r := textproto.NewReader(bufio.NewReader(io.LimitReader(conn, pageSize)))
	line, err := r.ReadLine()
	if err != nil {
		return err
	}
	header, err := r.ReadMIMEHeader()
	if err != nil {
		return err
	}
	kind, body, err := p.body(strings.Contains(header.Get("Accept"), "text/html"))
	if err != nil {
		return err
	}
	var answer bytes.Buffer
	fmt.Fprintf(&answer, "HTTP/1.1 503 Service Unavailable\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n"+
		"Cache-Control: no-store\r\nRetry-After: 2\r\nX-Content-Type-Options: nosniff\r\n"+
		"Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n\r\n", kind, len(body))
	if !strings.HasPrefix(line, "HEAD ") {
		answer.Write(body)
	}
	if _, err := conn.Write(answer.Bytes()); err != nil {
		return err
	}
	return finish(conn)
}

// finish lets a client that is still sending read the answer: one that hangs up at once resets the connection (RFC 9112, section 9.6).
func finish(conn net.Conn) error {
	if half, ok := conn.(*net.TCPConn); ok {
		if err := half.CloseWrite(); err != nil {
			return err
		}
	}
	_, err := io.CopyN(io.Discard, conn, restSize)
	return err
}

// body returns the answer and its media type: a page for browsers, a problem (RFC 9457) for everybody else.
func (p *page) body(browser bool) (kind string, body []byte, err error) {
	text := *p.text.Load()
	if !browser {
		body, err = json.Marshal(map[string]any{
			"type": "about:blank", "title": "Service Unavailable", "status": 503, "code": "not-running", "detail": text,
		})
		return "application/problem+json", body, err
	}
	var html bytes.Buffer
	err = p.html.Execute(&html, map[string]string{"Name": p.name, "Text": text})
	return "text/html; charset=utf-8", html.Bytes(), err
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
