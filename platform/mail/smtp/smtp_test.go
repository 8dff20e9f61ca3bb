package smtp_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/mail/driver"
	"github.com/banyan-go/banyan/platform/mail/mailtest"
	"github.com/banyan-go/banyan/platform/mail/smtp"
)

func open(t *testing.T, s driver.Server) driver.Sender {
	t.Helper()
	sender, err := smtp.Driver{}.Open(s)
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

func TestSuite(t *testing.T) {
	t.Parallel()
	mailtest.Run(t, func(t *testing.T) mailtest.Subject {
		server := mailtest.StartServer(t, nil)
		return mailtest.Subject{Sender: open(t, driver.Server{Address: server.Address(), TLS: "none"}), Received: server.Received}
	})
}

// The headers that servers ask for, to tell a mail from spam and from its own copy.
func TestHeaders(t *testing.T) {
	t.Parallel()
	server := mailtest.StartServer(t, nil)
	m := mailtest.Letter()
	m.HTML = "<p>ü</p>"
	if err := open(t, driver.Server{Address: server.Address(), TLS: "none"}).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	raw := server.Raw()[0]
	for _, want := range []string{
		"Date: Fri, 02 Jan 2026 03:04:05 +0000\n", "Message-ID: <0198@example.com>\n", "MIME-Version: 1.0\n", "Auto-Submitted: auto-generated\n",
		"Content-Type: multipart/alternative", "Content-Transfer-Encoding: quoted-printable\n", "<p>=C3=BC</p>",
	} {
		if !strings.Contains(raw, want) {
			t.Errorf("%q is not in\n%s", want, raw)
		}
	}
}

// What the server says decides whether it is asked again.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		to, answer string
		permanent  bool
	}{
		{"RCPT", "550 no such user", true},
		{"RCPT", "450 try later", false},
		{"MAIL", "553 not yours", true},
		{"DATA", "554 no", true},
		{"DATA", "451 no", false},
		{"EHLO", "554 go away", false}, // a server that is being mended says so to everybody
	} {
		server := mailtest.StartServer(t, func(s *mailtest.Server) {
			s.Answer = func(command string) string {
				if strings.HasPrefix(command, c.to) || c.to == "EHLO" && strings.HasPrefix(command, "HELO") {
					return c.answer
				}
				return ""
			}
		})
		err := open(t, driver.Server{Address: server.Address(), TLS: "none"}).Send(t.Context(), mailtest.Letter())
		if err == nil || driver.IsPermanent(err) != c.permanent {
			t.Errorf("%s answered with %s: permanent is %v, error %v", c.to, c.answer, driver.IsPermanent(err), err)
		}
	}
}

// A server that accepts a connection and says nothing takes no more time than the context has.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		conn, err := l.Accept()
		if err == nil {
			cancel()
			defer conn.Close()
			_, _ = conn.Read(make([]byte, 1))
		}
	}()
	defer l.Close()
	if err := open(t, driver.Server{Address: l.Addr().String(), TLS: "none"}).Send(ctx, mailtest.Letter()); err == nil || driver.IsPermanent(err) {
		t.Error(err)
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		offered, password string
		ok                bool
	}{{"PLAIN LOGIN", "hush", true}, {"LOGIN", "hush", true}, {"PLAIN", "wrong", false}, {"", "hush", false}} {
		server := mailtest.StartServer(t, func(s *mailtest.Server) { s.Auth = c.offered })
		err := open(t, driver.Server{Address: server.Address(), TLS: "none", User: "anna", Password: c.password}).Send(t.Context(), mailtest.Letter())
		if (err == nil) != c.ok || driver.IsPermanent(err) {
			t.Errorf("%q: %v", c.offered, err)
		}
		if err != nil && (strings.Contains(err.Error(), c.password+"\x00") || strings.Contains(err.Error(), "hush")) {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

// With starttls nothing of a mail is sent in the clear: not where the server offers no encryption, nor where it is not the one it says.
func TestStartTLS(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]*tls.Config{"offers none": nil, "is somebody else": {Certificates: []tls.Certificate{selfSigned(t)}}} {
		server := mailtest.StartServer(t, func(s *mailtest.Server) { s.TLS, s.Auth = config, "PLAIN" })
		err := open(t, driver.Server{Address: server.Address(), TLS: "starttls", User: "anna", Password: "hush"}).Send(t.Context(), mailtest.Letter())
		if err == nil || driver.IsPermanent(err) {
			t.Errorf("%s: error %v", name, err)
		}
		if slices.ContainsFunc(server.Commands(), func(c string) bool { return strings.HasPrefix(c, "AUTH") || strings.HasPrefix(c, "MAIL") }) {
			t.Errorf("%s: it went on with %q", name, server.Commands())
		}
	}
}

func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []driver.Server{
		{TLS: "starttls"},
		{Address: "smtp.example.com", TLS: "starttls"},
		{Address: ":587", TLS: "starttls"},
		{Address: "smtp.example.com:587", TLS: "starttls", Password: "hush"},
		{Address: "smtp.example.com:25", TLS: "none", User: "anna", Password: "hush"},
	} {
		if _, err := (smtp.Driver{}).Open(s); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%+v: %v", s.Address, err)
		}
	}
}
