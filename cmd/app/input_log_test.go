package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// What a request holds cannot write lines into the log, nor move the terminal of whoever reads it.
func TestLogInput(t *testing.T) {
	t.Parallel()
	p := newMachine(t).serve("--set", "mail.driver=none") // else the start warns of it
	lines := []string{
		"GET /%0a%7b%22level%22:%22ERROR%22%7d HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /%1b%5b2J%0d HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /\x1b[2J HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /\xc2\x9b31m HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /\xe2\x80\xae HTTP/1.1\r\nHost: x\r\n\r\n",
		`GET /","status":999,"x":" HTTP/1.1` + "\r\nHost: x\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: \x1b[31m\xff\x00\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: \x1b]0;title\x07 \x1b[2J\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: a\",\"level\":\"ERROR\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\x1b[31m\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\",\"b\":\"c\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: " + strings.Repeat("a", 65) + "\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.2.3.4\x1b[31m\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nTraceparent: 00-\x1b[31m\r\n\r\n",
		"\x1b[31mGET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"G\x1bT / HTTP/1.1\r\nHost: x\r\n\r\n",
	}
	for _, line := range lines {
		exchange(t, p.public.URL, line)
	}
	p.stop()
	log := p.out.String()
	if got := strings.Count(log, "\n") - 1; got != len(lines) { // the last one is about the end
		t.Errorf("%d requests have written %d lines:\n%s", len(lines), got, log)
	}
	for line := range strings.Lines(log) {
		var entry struct {
			Level string
			ID    string `json:"request_id"`
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Level != "INFO" || strings.Trim(entry.ID, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || len(entry.ID) > 64 {
			t.Errorf("a forged line, %v: %q", err, line)
		}
		if strings.ContainsFunc(strings.TrimSuffix(line, "\n"), control) {
			t.Errorf("a control character in the log: %q", line)
		}
	}
}

// control reports whether a terminal may take r for a command, or show a line with it in another order.
func control(r rune) bool {
	return r < ' ' || 0x7f < r && r < 0xa0 || '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069'
}

// The same in the form for people.
func TestLogInputInModeDev(t *testing.T) {
	t.Parallel()
	p := newMachine(t).serve("--mode", "dev")
	for _, line := range []string{
		"GET /%0aforged HTTP/1.1\r\nHost: x\r\n\r\n", "GET /\x1b[2J HTTP/1.1\r\nHost: x\r\n\r\n", "GET /\xe2\x80\xae HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: \x1b[31m\xc2\x9b31m\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\x1b[31m\r\n\r\n",
	} {
		exchange(t, p.public.URL, line)
	}
	p.stop()
	for line := range strings.Lines(p.out.String()) {
		if line[0] < '0' || line[0] > '9' || strings.ContainsFunc(strings.TrimSuffix(line, "\n"), control) {
			t.Errorf("a forged line, or a control character in it: %q", line)
		}
	}
}

// exchange sends bytes as they are and reads one answer.
func exchange(t *testing.T, to, request string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(to, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || bytes.ContainsAny(body, "\x1b\u009b") {
		t.Errorf("%q: %v, %s", request, err, body)
	}
}
