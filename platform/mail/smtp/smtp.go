// Package smtp sends mails to an SMTP server (RFC 5321), over a connection of its own for each: go-mail writes the message and speaks the
// protocol, and everything from the dial to the last answer ends with the context.
package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	wire "github.com/wneessen/go-mail/smtp"

	"github.com/banyan-go/banyan/platform/mail/driver"
)

// The ways to encrypt.
const (
	startTLS = "starttls"
	tlsFirst = "tls"
)

// Driver makes senders that talk to an SMTP server.
type Driver struct{}

var _ driver.Driver = Driver{}

// Open returns a sender for a server.
func (Driver) Open(s driver.Server) (driver.Sender, error) {
	host, port, err := net.SplitHostPort(s.Address)
	switch {
	case s.Address == "":
		return nil, errors.New("address is not set: write the server and its port, smtp.example.com:587")
	case err != nil || host == "" || port == "":
		return nil, fmt.Errorf("address is %q: write the server and its port, smtp.example.com:587", s.Address)
	case s.User == "" && s.Password != "":
		return nil, errors.New("password is set, and user is not")
	case s.User != "" && s.TLS == "none" && !local(host):
		return nil, errors.New("tls is none, and the password would travel in the clear: write starttls or tls")
	}
	name, err := os.Hostname()
	if err != nil || strings.ContainsAny(name, "\r\n") {
		name = "localhost"
	}
	return &sender{server: s, host: host, name: name, tls: &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}}, nil
}

// local reports whether a host is this machine, by the names that go-mail knows.
func local(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// sender talks to one server.
type sender struct {
	server driver.Server
	host   string // of server.Address
	name   string // of this machine
	tls    *tls.Config
}

// Send opens a connection, sends the mail and closes it.
func (s *sender) Send(ctx context.Context, m driver.Mail) error {
	msg, err := message(m)
	if err != nil {
		return driver.Permanent(err)
	}
	conn, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // what was to be said has been said
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	c, err := wire.NewClient(conn, s.host)
	if err == nil {
		err = s.enter(c)
	}
	if err != nil {
		return fmt.Errorf("enter %s: %w", s.server.Address, err) // whatever it is, somebody may mend it
	}
	if err := transfer(c, m, msg); err != nil {
		return judge(fmt.Errorf("hand over to %s: %w", s.server.Address, err))
	}
	_ = c.Quit() // the server has taken the mail
	return nil
}

// dial connects. A connection that is silent ends with the context, too.
func (s *sender) dial(ctx context.Context) (net.Conn, error) {
	if s.server.TLS == tlsFirst {
		return (&tls.Dialer{Config: s.tls}).DialContext(ctx, "tcp", s.server.Address)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", s.server.Address)
}

// enter says hello, encrypts and signs in.
func (s *sender) enter(c *wire.Client) error {
	if err := c.Hello(s.name); err != nil {
		return err
	}
	if s.server.TLS == startTLS {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return errors.New("the server does not offer STARTTLS, which mail.smtp.tls asks for")
		}
		if err := c.StartTLS(s.tls); err != nil {
			return err
		}
	}
	if s.server.User == "" {
		return nil
	}
	ok, ways := c.Extension("AUTH")
	if !ok {
		return errors.New("the server lets nobody sign in, which mail.smtp.user asks for")
	}
	auth := wire.PlainAuth("", s.server.User, s.server.Password, s.host, false)
	if offered := strings.Fields(ways); !contains(offered, "PLAIN") && contains(offered, "LOGIN") {
		auth = wire.LoginAuth(s.server.User, s.server.Password, s.host, false)
	}
	return c.Auth(auth)
}

func contains(words []string, word string) bool {
	for _, w := range words {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}

// transfer is the transaction of one mail.
func transfer(c *wire.Client, m driver.Mail, msg *gomail.Msg) error {
	if err := c.Mail("<" + m.From.Address + ">"); err != nil {
		return err
	}
	if err := c.Rcpt("<" + m.To + ">"); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := msg.WriteTo(w); err != nil {
		return err // and not Close, which would end an unfinished mail as if it were a whole one
	}
	return w.Close()
}

// judge marks an answer that would be the same another time: one of the class 5yz (RFC 5321, section 4.2.1).
func judge(err error) error {
	if answer, ok := errors.AsType[*textproto.Error](err); ok && answer.Code >= 500 && answer.Code < 600 {
		return driver.Permanent(err)
	}
	return err
}

// message writes a mail as MIME: quoted-printable, both texts as alternatives.
func message(m driver.Mail) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&m.From)
	if err := msg.To(m.To); err != nil {
		return nil, errors.New("the address is none") // its own text shows it
	}
	msg.Subject(m.Subject)
	msg.SetDateWithValue(m.Date)
	msg.SetMessageIDWithValue(m.ID)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no answers of machines
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return msg, nil
}
