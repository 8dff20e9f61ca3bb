package mailtest

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"sync"
	"testing"
)

// Server is an SMTP server that keeps what it gets. Its fields are set before the first connection.
type Server struct {
	// Answer returns what a command is answered with instead of the usual, "550 no such user" for instance; "" for the usual.
	Answer func(command string) string
	// TLS is offered by STARTTLS; nil offers none.
	TLS *tls.Config
	// Auth are the mechanisms that are offered, "PLAIN LOGIN".
	Auth string

	listener net.Listener
	mu       sync.Mutex
	conns    sync.WaitGroup
	received []Received
	raw      []string
	commands []string
}

// StartServer starts a server that ends with the test. Change is called before it listens; nil changes nothing.
func StartServer(t testing.TB, change func(*Server)) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it ends with the test
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{listener: l}
	if change != nil {
		change(s)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.conns.Go(func() { s.serve(conn) })
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-ended
		s.conns.Wait()
	})
	return s
}

// Address returns where the server listens.
func (s *Server) Address() string { return s.listener.Addr().String() }

// Received returns the mails that it has got.
func (s *Server) Received() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Received(nil), s.received...)
}

// Raw returns these mails as they came.
func (s *Server) Raw() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.raw...)
}

// Commands returns the commands that it has got, without what was sent to sign in.
func (s *Server) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.commands...)
}

// serve speaks with one client.
func (s *Server) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	text := textproto.NewConn(conn)
	encrypted := false
	if text.PrintfLine("220 test") != nil {
		return
	}
	for {
		line, err := text.ReadLine()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.commands = append(s.commands, line)
		s.mu.Unlock()
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		answer := ""
		if s.Answer != nil {
			answer = s.Answer(line)
		}
		switch {
		case answer != "":
		case verb == "EHLO":
			answer = s.extensions(encrypted)
		case verb == "STARTTLS" && s.TLS != nil:
			_ = text.PrintfLine("220 go")
			conn = tls.Server(conn, s.TLS)
			text, encrypted = textproto.NewConn(conn), true
			continue
		case verb == "AUTH":
			answer = s.auth(text, line)
		case verb == "DATA":
			_ = text.PrintfLine("354 go")
			raw, err := io.ReadAll(text.DotReader())
			if err != nil {
				return
			}
			s.keep(raw)
			answer = "250 taken"
		case verb == "QUIT":
			_ = text.PrintfLine("221 bye")
			return
		default:
			answer = "250 ok"
		}
		if text.PrintfLine("%s", answer) != nil {
			return
		}
	}
}

func (s *Server) extensions(encrypted bool) string {
	lines := "250-test\r\n"
	if s.TLS != nil && !encrypted {
		lines += "250-STARTTLS\r\n"
	}
	if s.Auth != "" {
		lines += "250-AUTH " + s.Auth + "\r\n"
	}
	return lines + "250 8BITMIME"
}

// auth lets in who is anna with the password hush.
func (s *Server) auth(text *textproto.Conn, line string) string {
	words := strings.Fields(line)
	var given []byte
	if len(words) == 3 && words[1] == "PLAIN" {
		given, _ = base64.StdEncoding.DecodeString(words[2])
	}
	if len(words) == 2 && words[1] == "LOGIN" {
		for _, prompt := range []string{"Username:", "Password:"} {
			_ = text.PrintfLine("334 %s", base64.StdEncoding.EncodeToString([]byte(prompt)))
			answer, _ := text.ReadLine()
			word, _ := base64.StdEncoding.DecodeString(answer)
			given = append(append(given, 0), word...)
		}
	}
	if string(given) == "\x00anna\x00hush" {
		return "235 in"
	}
	return "535 out"
}

// keep reads a mail.
func (s *Server) keep(raw []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.raw = append(s.raw, string(raw))
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return
	}
	var words mime.WordDecoder
	subject, _ := words.DecodeHeader(m.Header.Get("Subject"))
	got := Received{ID: strings.Trim(m.Header.Get("Message-ID"), "<>"), Subject: subject}
	if from, err := mail.ParseAddress(m.Header.Get("From")); err == nil {
		got.From = from.Address
	}
	if to, err := mail.ParseAddress(m.Header.Get("To")); err == nil {
		got.To = to.Address
	}
	got.read(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
	s.received = append(s.received, got)
}

// read reads a text, or each of several.
func (r *Received) read(contentType, encoding string, body io.Reader) {
	kind, params, _ := mime.ParseMediaType(contentType)
	if strings.HasPrefix(kind, "multipart/") {
		for parts := multipart.NewReader(body, params["boundary"]); ; {
			p, err := parts.NextRawPart()
			if err != nil {
				return
			}
			r.read(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p)
		}
	}
	if strings.EqualFold(encoding, "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	data, _ := io.ReadAll(body)
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	if kind == "text/html" {
		r.HTML = text
	} else {
		r.Text = text
	}
}
