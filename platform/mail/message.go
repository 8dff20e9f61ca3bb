package mail

import (
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxBytes is the size of the largest mail: its subject and both texts.
const MaxBytes = 1 << 20

// Message is a mail that somebody wants sent.
type Message struct {
	// Kind names what it is for in logs and metrics, "accounts.reset". It is a constant of the code, and does not travel.
	Kind string
	// To is one address without a name.
	To string
	// Subject is one line.
	Subject string
	// Text is what a reader without HTML sees. It has to be there.
	Text string
	// HTML is the same for other readers; empty for none.
	HTML string
}

// Format prints what kind of mail it is and nothing of what is in it, whatever the verb: logs and errors are no place for that.
func (m Message) Format(f fmt.State, _ rune) { fmt.Fprint(f, "mail of kind ", m.Kind) }

// LogValue is Format for package slog.
func (m Message) LogValue() slog.Value { return slog.StringValue("mail of kind " + m.Kind) }

// check says what is wrong with a message, without showing it. What a stranger typed may be in each of its fields, and a line break in one of
// those that become headers would begin a header of the stranger's own.
func (m Message) check() error {
	a, err := mail.ParseAddress(m.To)
	switch {
	case err != nil || a.Address != m.To || a.Name != "":
		return errors.New("To is not one e-mail address")
	case oneLine(m.To) != nil:
		return fmt.Errorf("To %w", oneLine(m.To))
	case strings.TrimSpace(m.Subject) == "":
		return errors.New("has no Subject")
	case oneLine(m.Subject) != nil:
		return fmt.Errorf("Subject %w", oneLine(m.Subject))
	case strings.TrimSpace(m.Text) == "":
		return errors.New("has no Text")
	case len(m.Subject)+len(m.Text)+len(m.HTML) > MaxBytes:
		return fmt.Errorf("is larger than %d bytes", MaxBytes)
	case !utf8.ValidString(m.Text) || !utf8.ValidString(m.HTML):
		return errors.New("is not UTF-8")
	case strings.ContainsRune(m.Text, 0) || strings.ContainsRune(m.HTML, 0):
		return errors.New("holds a NUL")
	}
	return nil
}

// oneLine refuses control characters, line breaks of every alphabet among them.
func oneLine(s string) error {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }) {
		return errors.New("is not one line of text")
	}
	return nil
}
