package mail_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/mail"
	"github.com/banyan-go/banyan/platform/mail/driver"
	"github.com/banyan-go/banyan/platform/mail/mailtest"
	"github.com/banyan-go/banyan/platform/unit"
)

// post is a driver that does what a test says.
type post struct {
	send func(context.Context, driver.Mail) error

	mu   sync.Mutex
	sent []driver.Mail
}

func (p *post) Open(driver.Server) (driver.Sender, error) { return p, nil }

func (p *post) Send(ctx context.Context, m driver.Mail) error {
	p.mu.Lock()
	p.sent = append(p.sent, m)
	p.mu.Unlock()
	return p.send(ctx, m)
}

func (p *post) tries() []driver.Mail {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.sent)
}

// syncLog is a log that goroutines write to.
type syncLog struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *syncLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

func (l *syncLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.String()
}

// office is a mailer with what stands around it.
type office struct {
	*mail.Mailer
	post *post
	log  *syncLog
	life *lifecycle.Lifecycle
}

func open(t *testing.T, send func(context.Context, driver.Mail) error, change ...func(*mail.Config)) office {
	t.Helper()
	o := office{post: &post{send: send}, log: &syncLog{}, life: &lifecycle.Lifecycle{}}
	cfg := mail.Default()
	cfg.Driver, cfg.From = unit.Exactly("post"), "Shop <shop@example.com>"
	for _, c := range change {
		c(&cfg)
	}
	var err error
	options := mail.Options{Drivers: mail.Drivers{"post": o.post}, Log: slog.New(slog.NewTextHandler(o.log, nil))}
	if o.Mailer, err = mail.New(cfg, options, o.life); err != nil {
		t.Fatal(err)
	}
	if err := o.life.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.life.Stop(context.WithoutCancel(t.Context())) })
	return o
}

func hello() mail.Message {
	return mail.Message{Kind: "test", To: "anna@example.com", Subject: "Hello", Text: "Hello Anna."}
}

func TestMailbox(t *testing.T) {
	t.Parallel()
	mailtest.Run(t, func(*testing.T) mailtest.Subject {
		box := &mail.Mailbox{}
		return mailtest.Subject{Sender: honest{box}, Received: func() (all []mailtest.Received) {
			for _, m := range box.Mails() {
				all = append(all, mailtest.Received{ID: m.ID, From: m.From.Address, To: m.To, Subject: m.Subject, Text: m.Text, HTML: m.HTML})
			}
			return all
		}}
	})
}

// honest is a sender that looks at its context, which a mailbox has no need of.
type honest struct{ driver.Sender }

func (h honest) Send(ctx context.Context, m driver.Mail) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return h.Sender.Send(ctx, m)
}

func TestMailboxKeepsTheLastHundred(t *testing.T) {
	t.Parallel()
	box := &mail.Mailbox{}
	for i := range 130 {
		_ = box.Send(t.Context(), driver.Mail{ID: fmt.Sprint(i)})
	}
	if mails := box.Mails(); len(mails) != 100 || mails[0].ID != "30" || mails[99].ID != "129" {
		t.Errorf("%d mails, %v to %v", len(mails), mails[0], mails[len(mails)-1])
	}
}

// Whatever is in a mail is text on the page: it came from strangers.
func TestPageShowsMailsAsText(t *testing.T) {
	t.Parallel()
	box := &mail.Mailbox{}
	m := mailtest.Letter()
	m.Subject, m.Text, m.HTML = "<script>1</script>", "<script>2</script> see https://shop.example.com/verify#token=x", `"><script>3</script>`
	_ = box.Send(t.Context(), m)
	page, err := box.Page("<shop>")
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	if strings.Contains(text, "<script") || !strings.Contains(text, `sandbox=""`) || strings.Contains(text, "<shop>") {
		t.Errorf("it runs what a mail says:\n%s", text)
	}
	if !strings.Contains(text, `<a href="https://shop.example.com/verify#token=x">`) {
		t.Errorf("the link is none:\n%s", text)
	}
}

// A line break in what becomes a header would begin another header, a second recipient for instance.
func TestMessagesThatAreRefused(t *testing.T) {
	t.Parallel()
	o := open(t, func(context.Context, driver.Mail) error { return nil })
	for name, spoil := range map[string]func(*mail.Message){
		"no address":            func(m *mail.Message) { m.To = "" },
		"a name":                func(m *mail.Message) { m.To = "Anna <anna@example.com>" },
		"two addresses":         func(m *mail.Message) { m.To = "anna@example.com, eve@example.com" },
		"a line in the address": func(m *mail.Message) { m.To = "anna@example.com\r\nBcc: eve@example.com" },
		"a quoted line":         func(m *mail.Message) { m.To = "\"anna\r\n b\"@example.com" },
		"no subject":            func(m *mail.Message) { m.Subject = " " },
		"LF in the subject":     func(m *mail.Message) { m.Subject = "Hello\nBcc: eve@example.com" },
		"CR in the subject":     func(m *mail.Message) { m.Subject = "Hello\rBcc: eve@example.com" },
		"NEL in the subject":    func(m *mail.Message) { m.Subject = "Hello\u0085Bcc: eve@example.com" },
		"LS in the subject":     func(m *mail.Message) { m.Subject = "Hello\u2028Bcc: eve@example.com" },
		"NUL in the subject":    func(m *mail.Message) { m.Subject = "Hello\x00" },
		"no UTF-8":              func(m *mail.Message) { m.Subject = "Hello\xff" },
		"no text":               func(m *mail.Message) { m.Text = "" },
		"NUL in the text":       func(m *mail.Message) { m.Text = "a\x00" },
		"too large":             func(m *mail.Message) { m.HTML = strings.Repeat("x", mail.MaxBytes) },
	} {
		m := hello()
		spoil(&m)
		if err := o.Send(t.Context(), m); err == nil || strings.Contains(err.Error(), "eve@") || strings.Contains(err.Error(), "anna@") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if err := o.Flush(t.Context()); err != nil || len(o.post.tries()) != 0 {
		t.Errorf("%d of them were sent", len(o.post.tries()))
	}
}

// A server that is away for a while gets every mail later, each with the id that it had.
func TestRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		o := open(t, func(context.Context, driver.Mail) error {
			if n++; n < 4 {
				return errors.New("refused: anna@example.com")
			}
			return nil
		})
		if err := o.Send(t.Context(), hello()); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := o.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		tries := o.post.tries()
		if len(tries) != 4 || tries[0].ID == "" || tries[3].ID != tries[0].ID {
			t.Errorf("%d tries: %v", len(tries), tries)
		}
		if took := time.Since(began); took < 7*time.Second || took > 14*time.Second {
			t.Errorf("they took %s, want between half and all of 2 + 4 + 8 s", took)
		}
		if text := o.log.text(); strings.Contains(text, "anna@example.com") || !strings.Contains(text, "[address]") {
			t.Errorf("the log shows who gets mail:\n%s", text)
		}
	})
}

// What is lost is lost for a reason that the log tells.
func TestLosses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		err    error
		tries  int
		logged string
	}{
		{"refused for good", driver.Permanent(errors.New("no such user")), 1, "no such user"},
		{"away for too long", errors.New("no route"), 20, "no route"},
	} {
		synctest.Test(t, func(t *testing.T) {
			o := open(t, func(context.Context, driver.Mail) error { return c.err })
			if err := o.Send(t.Context(), hello()); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if err := o.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := len(o.post.tries()); c.tries == 1 && n != 1 || n > c.tries || time.Since(began) > 10*time.Minute {
				t.Errorf("%s: %d tries in %s", c.name, n, time.Since(began))
			}
			if text := o.log.text(); !strings.Contains(text, `msg="a mail is lost" kind=test`) || !strings.Contains(text, c.logged) {
				t.Errorf("%s: the log says\n%s", c.name, text)
			}
		})
	}
}

// A server that takes its time holds up so many mails at a time, and no more wait than may.
func TestBounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		o := open(t, func(context.Context, driver.Mail) error { <-release; return nil }, func(c *mail.Config) { c.Queue, c.Parallel = 3, 2 })
		for range 3 {
			if err := o.Send(t.Context(), hello()); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if n := len(o.post.tries()); n != 2 {
			t.Errorf("%d at a time, want 2", n)
		}
		if err := o.Send(t.Context(), hello()); !errors.Is(err, mail.ErrFull) {
			t.Errorf("error %v", err)
		}
		close(release)
		if err := o.Flush(t.Context()); err != nil || len(o.post.tries()) != 3 {
			t.Errorf("%d were sent, error %v", len(o.post.tries()), err)
		}
		if err := o.Send(t.Context(), hello()); err != nil {
			t.Errorf("there is room again, and it says %v", err)
		}
	})
}

// The stop waits for what was taken: also a mail that was to be tried again much later goes out, if it can.
func TestStopDrains(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		away := true
		o := open(t, func(context.Context, driver.Mail) error {
			if away {
				return errors.New("away")
			}
			return nil
		})
		if err := o.Send(t.Context(), hello()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		away = false
		began := time.Now()
		if err := o.life.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := len(o.post.tries()); n != 2 || time.Since(began) != 0 {
			t.Errorf("%d tries, after %s", n, time.Since(began))
		}
		if strings.Contains(o.log.text(), "lost") {
			t.Errorf("it was lost:\n%s", o.log.text())
		}
		if err := o.Send(t.Context(), hello()); err == nil {
			t.Error("a mail was taken after the stop")
		}
	})
}

// A server that hangs does not keep the process from ending.
func TestStopEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := open(t, func(ctx context.Context, _ driver.Mail) error { <-ctx.Done(); return ctx.Err() }, func(c *mail.Config) { c.Timeout = time.Hour })
		if err := o.Send(t.Context(), hello()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if err := o.life.Stop(ctx); err != nil {
			t.Error(err)
		}
		if time.Since(began) != time.Second || !strings.Contains(o.log.text(), "a mail is lost") {
			t.Errorf("after %s the log says\n%s", time.Since(began), o.log.text())
		}
	})
}

func TestCompose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := open(t, func(context.Context, driver.Mail) error { return nil })
		n := 0
		for _, compose := range []func(context.Context) (mail.Message, error){
			func(context.Context) (mail.Message, error) { return hello(), nil },
			func(context.Context) (mail.Message, error) { return mail.Message{}, nil },
			func(context.Context) (mail.Message, error) {
				if n++; n == 1 {
					return mail.Message{}, errors.New("busy")
				}
				return hello(), nil
			},
			func(context.Context) (mail.Message, error) { return mail.Message{Kind: "test"}, nil },
			func(context.Context) (mail.Message, error) { panic("oh") },
		} {
			if err := o.Compose(t.Context(), "test", compose); err != nil {
				t.Fatal(err)
			}
		}
		if err := o.Flush(t.Context()); err != nil || len(o.post.tries()) != 2 {
			t.Errorf("%d were sent, want the first and the third; error %v", len(o.post.tries()), err)
		}
		if n := strings.Count(o.log.text(), "a mail is lost"); n != 2 {
			t.Errorf("%d were lost, want that without an address and that of the panic:\n%s", n, o.log.text())
		}
	})
}

// In mode prod nobody finds out from his users that mails go nowhere.
func TestNobodyCarriesMails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		driver  unit.Auto[string]
		warning bool
	}{{unit.Auto[string]{}, true}, {unit.Exactly("none"), false}} {
		log, life := &syncLog{}, &lifecycle.Lifecycle{}
		cfg := mail.Default()
		cfg.Driver = c.driver
		m, err := mail.New(cfg, mail.Options{Log: slog.New(slog.NewTextHandler(log, nil))}, life)
		if err != nil {
			t.Fatal(err)
		}
		m.Announce("accounts")
		if err := life.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if warned := strings.Contains(log.text(), "mails are going to be lost") && strings.Contains(log.text(), "senders=accounts"); warned != c.warning {
			t.Errorf("%v: the start says\n%s", c.driver, log.text())
		}
		if err := m.Send(t.Context(), hello()); err != nil {
			t.Fatal(err)
		}
		if err := life.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(log.text(), "mail.driver is none") {
			t.Errorf("%v: the log says\n%s", c.driver, log.text())
		}
	}
}

func TestSettingsThatAreRefused(t *testing.T) {
	t.Parallel()
	for key, spoil := range map[string]func(*mail.Config){
		"mail.driver": func(c *mail.Config) { c.Driver = unit.Exactly("pigeon") },
		"mail.from":   func(c *mail.Config) { c.Driver, c.From = unit.Exactly("post"), "" },
	} {
		cfg := mail.Default()
		spoil(&cfg)
		_, err := mail.New(cfg, mail.Options{Drivers: mail.Drivers{"post": &post{}}, Log: slog.New(slog.DiscardHandler)}, &lifecycle.Lifecycle{})
		if wrong, ok := errors.AsType[config.Problems](err); !ok || wrong[0].Key != key {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	for key, spoil := range map[string]func(*mail.Config){
		"mail.from":      func(c *mail.Config) { c.From = "nobody" },
		"mail.smtp.tls":  func(c *mail.Config) { c.SMTP.TLS = "ssl" },
		"mail.timeout":   func(c *mail.Config) { c.Timeout = 0 },
		"mail.retry_for": func(c *mail.Config) { c.RetryFor = -1 },
		"mail.queue":     func(c *mail.Config) { c.Queue = 0 },
		"mail.parallel":  func(c *mail.Config) { c.Parallel = 0 },
	} {
		target := struct {
			Mail mail.Config `config:"mail"`
		}{mail.Default()}
		spoil(&target.Mail)
		_, err := config.Load(&target, config.Options{})
		if wrong, ok := errors.AsType[config.Problems](err); !ok || len(wrong) != 1 || wrong[0].Key != key {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// Whoever prints or logs a mail shows nothing of what is in it.
func TestPrintsNothingPrivate(t *testing.T) {
	t.Parallel()
	for _, v := range []any{hello(), mailtest.Letter()} {
		for _, f := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			if text := fmt.Sprintf(f, v); strings.Contains(text, "anna") || strings.Contains(text, "Hello") {
				t.Errorf("%s prints %s", f, text)
			}
		}
		if text := slog.AnyValue(v).Resolve().String(); strings.Contains(text, "anna") {
			t.Errorf("logged as %s", text)
		}
	}
}
