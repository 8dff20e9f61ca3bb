package servertest

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

// Browser is a headless Chromium that reaches this machine alone. It ends with the test. One goroutine uses it.
type Browser struct {
	t    testing.TB
	in   io.Writer
	next int
	told chan message // what comes, in order
}

// message is one of the Chrome DevTools Protocol, in either direction.
type message struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  any             `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
	text string // of Params, of what comes
}

// browserPatience is how long a browser may take for one step.
const browserPatience = 60 * time.Second

// StartBrowser starts a browser. The test is left out where Chromium is not installed.
func StartBrowser(t testing.TB) *Browser {
	t.Helper()
	chromium := Need(t, Chromium())
	args := []string{
		"--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--user-data-dir=" + t.TempDir(), "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--remote-debugging-pipe",
	}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox")
	}
	cmd := exec.CommandContext(t.Context(), chromium, args...)
	theirIn, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = theirIn.Close(), theirOut.Close() // those of the browser
	b := &Browser{t: t, in: in, told: make(chan message, 10_000)}
	go b.listen(out)
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
		_, _ = in.Close(), out.Close()
	})
	return b
}

// listen delivers what the browser says, until it ends.
func (b *Browser) listen(out io.Reader) {
	defer close(b.told)
	r := bufio.NewReader(out)
	for {
		text, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var raw struct {
			message

			Params json.RawMessage `json:"params"`
		}
		if json.Unmarshal(bytes.TrimSuffix(text, []byte{0}), &raw) == nil {
			raw.text = string(raw.Params)
			b.told <- raw.message
		}
	}
}

// Page is an open page.
type Page struct {
	b       *Browser
	session string
	loaded  bool
	// Problems are what the console has shown: errors, warnings, exceptions, and what could not be loaded.
	Problems []string
}

// Open opens a page in a window of this size, with so many pixels of the screen for one of the page, and returns when it has loaded.
func (b *Browser) Open(url string, width, height int, scale float64) *Page {
	b.t.Helper()
	p := &Page{b: b}
	var target struct{ TargetID string }
	p.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	p.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	p.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		p.call(domain+".enable", nil, nil)
	}
	p.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": scale, "mobile": false}, nil)
	p.call("Page.navigate", map[string]any{"url": url}, nil)
	for !p.loaded {
		p.until("the end of loading", func(message) bool { return p.loaded })
	}
	return p
}

// Eval returns what an expression of JavaScript is, as JSON; of a promise its result.
func (p *Page) Eval(expression string) string {
	p.b.t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct{ Text string }
	}
	p.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &r)
	if r.ExceptionDetails != nil {
		p.b.t.Fatalf("%s: %s", expression, r.ExceptionDetails.Text)
	}
	return string(r.Result.Value)
}

// Screenshot returns what the window shows, as PNG.
func (p *Page) Screenshot() []byte {
	p.b.t.Helper()
	var r struct{ Data string }
	p.call("Page.captureScreenshot", nil, &r)
	data, err := base64.StdEncoding.DecodeString(r.Data)
	if err != nil {
		p.b.t.Fatal(err)
	}
	return data
}

// call asks for something and waits for the answer.
func (p *Page) call(method string, params, result any) {
	p.b.t.Helper()
	p.b.next++
	m := message{ID: p.b.next, Session: p.session, Method: method, Params: params}
	text, err := json.Marshal(m)
	if err != nil {
		p.b.t.Fatal(err)
	}
	if _, err := p.b.in.Write(append(text, 0)); err != nil {
		p.b.t.Fatalf("%s: %v", method, err)
	}
	answer := p.until(method, func(got message) bool { return got.ID == m.ID })
	if answer.Error != nil {
		p.b.t.Fatalf("%s: %s", method, answer.Error.Message)
	}
	if result != nil {
		if err := json.Unmarshal(answer.Result, result); err != nil {
			p.b.t.Fatalf("%s: %v", method, err)
		}
	}
}

// until takes what comes up to what is awaited, and keeps the problems among it.
func (p *Page) until(what string, awaited func(message) bool) message {
	p.b.t.Helper()
	late := time.After(browserPatience)
	for {
		select {
		case m, ok := <-p.b.told:
			if !ok {
				p.b.t.Fatalf("the browser has ended before %s", what)
			}
			if m.Session == p.session {
				p.note(m)
			}
			if awaited(m) {
				return m
			}
		case <-late:
			p.b.t.Fatalf("the browser says nothing of %s", what)
		}
	}
}

func (p *Page) note(m message) {
	switch m.Method {
	case "Page.loadEventFired":
		p.loaded = true
	case "Runtime.exceptionThrown", "Log.entryAdded", "Network.loadingFailed", "Runtime.consoleAPICalled":
		p.Problems = append(p.Problems, fmt.Sprint(m.Method, " ", m.text))
	}
}
