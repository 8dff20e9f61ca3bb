// Package driver is what somebody who carries mails has to offer to package mail. Applications do not use it: they list the drivers that are
// compiled in and hold a *mail.Mailer.
package driver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"time"
)

// Driver makes senders of one kind. It holds no state and is safe for concurrent use. A driver proves itself with mailtest.Run.
type Driver interface {
	// Open returns what sends by these settings, without I/O. The error says what is wrong with them and shows no password.
	Open(s Server) (Sender, error)
}

// Sender hands mails to whoever carries them. It is safe for concurrent use.
type Sender interface {
	// Send returns nil once somebody else is responsible for the mail. It returns when ctx ends. An error that Permanent has made says that
	// it would be the same another time; after every other one the mail is sent again, with the same id, so that whoever has it twice can tell.
	Send(ctx context.Context, m Mail) error
}

// Server is the section `mail.smtp`: where a driver finds the server that it talks to.
type Server struct {
	Address  string        `config:"address" doc:"Server and port, smtp.example.com:587 for instance."`
	User     string        `config:"user" doc:"Name to sign in with; empty to send without signing in."`
	Password string        `config:"password" secret:"true" doc:"Password of mail.smtp.user."`
	TLS      string        `config:"tls" enum:"starttls,tls,none" doc:"Encryption: starttls, which the server has to offer (port 587), tls from the first byte (port 465), or none, for a server on this machine."`
	Timeout  time.Duration `config:"-"` // of one mail, from the call to the last answer; the context has it too
}

// Mail is one mail, checked: no value but the texts holds a line break or another control character.
type Mail struct {
	ID      string // the Message-ID without its brackets: unique, the same at each try
	Kind    string // of the sender's choosing, "accounts.reset"; it does not travel
	Date    time.Time
	From    mail.Address
	To      string // one address, without a name
	Subject string
	Text    string // with \n or \r\n
	HTML    string // empty for none
}

// Format prints which mail it is and nothing of what is in it, whatever the verb: logs and errors are no place for that.
func (m Mail) Format(f fmt.State, _ rune) { fmt.Fprint(f, "mail ", m.ID) }

// LogValue is Format for package slog.
func (m Mail) LogValue() slog.Value { return slog.StringValue("mail " + m.ID) }

// Permanent returns an error that says: err would be the same another time. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return permanent{err}
}

// IsPermanent reports whether err says that sending again is of no use.
func IsPermanent(err error) bool {
	_, ok := errors.AsType[permanent](err)
	return ok
}

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }
