// Package mailtest proves drivers of package mail, and has a mail server for tests.
package mailtest

import (
	"context"
	"errors"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/mail/driver"
)

// Received is a mail as somebody reads it who has got it: decoded, with \n at the end of lines.
type Received struct {
	ID, From, To, Subject string
	Text, HTML            string
}

// Subject is a sender under test.
type Subject struct {
	driver.Sender
	// Received returns what has arrived, in order.
	Received func() []Received
}

// Run checks what package mail builds upon. Open returns a fresh sender; what it opened ends with the test.
func Run(t *testing.T, open func(t *testing.T) Subject) {
	t.Run("what is sent arrives", func(t *testing.T) {
		t.Parallel()
		for name, m := range letters() {
			s := open(t)
			if err := s.Send(t.Context(), m); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			want := Received{ID: m.ID, From: m.From.Address, To: m.To, Subject: m.Subject, Text: m.Text, HTML: m.HTML}
			if got := s.Received(); len(got) != 1 || got[0] != want {
				t.Errorf("%s: got\n%q\nwant\n%q", name, got, want)
			}
		}
	})
	t.Run("a context that has ended sends nothing", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := s.Send(ctx, Letter())
		if !errors.Is(err, context.Canceled) || driver.IsPermanent(err) {
			t.Errorf("error %v", err)
		}
		if got := s.Received(); len(got) != 0 {
			t.Errorf("it sent %q", got)
		}
	})
}

// Letter returns a mail.
func Letter() driver.Mail {
	return driver.Mail{
		ID: "0198@example.com", Kind: "test", Date: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), From: mail.Address{Name: "Shop", Address: "shop@example.com"},
		To: "anna@example.com", Subject: "Hello", Text: "Hello Anna.\n",
	}
}

// letters are mails that something on the way likes to damage.
func letters() map[string]driver.Mail {
	all := map[string]driver.Mail{"plain": Letter()}
	add := func(name string, change func(*driver.Mail)) {
		m := Letter()
		change(&m)
		all[name] = m
	}
	add("both texts", func(m *driver.Mail) { m.HTML = `<p class="x">Hello <b>Anna</b>.</p>` })
	add("other alphabets", func(m *driver.Mail) {
		m.Subject, m.Text = "Grüße, 你好 =?utf-8?q?x?=", "Grüße aus Köln, 你好 🌳\n"
	})
	add("a long subject", func(m *driver.Mail) { m.Subject = strings.Repeat("Straße ", 30) + "Ende" })
	add("lines of dots", func(m *driver.Mail) { m.Text = "a\n.\n..\n.b\n" })
	add("long lines", func(m *driver.Mail) {
		m.Text = strings.Repeat("x", 3000) + "\n" + strings.Repeat("word ", 500) + "end\n"
	})
	add("what looks like a header", func(m *driver.Mail) { m.Text = "Bcc: eve@example.com\nFrom here on\n\n--boundary\n=3D =\n" })
	add("a name that wants quotes", func(m *driver.Mail) { m.From.Name = `Shop, "the" <best> & Söhne` })
	return all
}
