package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/mail"
	"strings"
	"sync"
	"time"

	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/mail/driver"
	"github.com/banyan-go/banyan/platform/telemetry"
)

// The pauses between two tries of a mail: each is longer than the one before, up to the longest.
const (
	firstPause   = 2 * time.Second
	longestPause = 2 * time.Minute
)

// composePause is how long after the answer a message is made, at most: its work would else take time from this answer, or from the next one to the same caller.
const composePause = 20 * time.Millisecond

// ErrFull is of kind fault.Unavailable: as many mails wait as may.
var ErrFull = fault.New(fault.Unavailable, "mail_busy", "Too many mails wait to be sent. Try again in a moment.").WithRetryAfter(10 * time.Second)

var (
	errStopped = errors.New("the process stops")
	errNone    = errors.New("mail.driver is none: set it to smtp, and mail.from and mail.smtp")
)

// Drivers are what is compiled in beside the mailbox, by the name that mail.driver uses.
type Drivers map[string]driver.Driver

// Options is what the program, rather than its operator, knows.
type Options struct {
	// Drivers are what is compiled in.
	Drivers Drivers
	// Mailbox is what driver auto means: the mailbox, as in mode dev and test, or none.
	Mailbox bool
	Clock   clock.Clock // default the system's
	Log     *slog.Logger
	Metrics *telemetry.Telemetry // nil counts nothing
}

// Mailer sends mails in the background. It is safe for concurrent use.
type Mailer struct {
	cfg     Config
	from    mail.Address
	sender  driver.Sender // nil: mails are lost
	mailbox *Mailbox      // nil unless it is the sender
	chosen  bool          // whether somebody wants mails to be lost
	clock   clock.Clock
	log     *slog.Logger
	count   func(kind, outcome string)

	working  chan struct{} // holds an element for each mail that is being handed over
	stopping chan struct{} // closed when nobody waits for another try any more
	life     context.Context
	end      context.CancelFunc

	mu      sync.Mutex
	stopped bool
	waiting int           // mails that were taken and are neither sent nor lost
	change  chan struct{} // closed, and made anew, when one of them is
	users   []string      // see Announce
}

// New returns a mailer, without I/O, and appends its stop to lc, which waits for the mails that were taken. What is wrong with the settings it
// returns as config.Problems: a driver that is not compiled in, or that refuses them.
func New(cfg Config, o Options, lc *lifecycle.Lifecycle) (*Mailer, error) {
	m := &Mailer{
		cfg: cfg, clock: o.Clock, log: o.Log, chosen: !cfg.Driver.IsAuto(), count: func(string, string) {},
		working: make(chan struct{}, cfg.Parallel), stopping: make(chan struct{}), change: make(chan struct{}),
	}
	if m.clock == nil {
		m.clock = clock.System()
	}
	if err := m.open(o); err != nil {
		return nil, err
	}
	if o.Metrics != nil {
		mails, err := o.Metrics.Counter("mail_messages_total", "Mails that were taken, by what became of them: sent or lost.", "kind", "outcome")
		if err != nil {
			return nil, err
		}
		m.count = func(kind, outcome string) { mails.Inc(kind, outcome) }
	}
	m.life, m.end = context.WithCancel(context.Background())
	lc.Append(lifecycle.Hook{Name: "mail", Start: m.start, Stop: m.stop})
	return m, nil
}

// open makes the sender.
func (m *Mailer) open(o Options) error {
	fallback := DriverNone
	if o.Mailbox {
		fallback = DriverMailbox
	}
	name := m.cfg.Driver.Or(fallback)
	m.from = mail.Address{Address: "no-reply@localhost"}
	if m.cfg.From != "" {
		from, err := sender(m.cfg.From)
		if err != nil {
			return fmt.Errorf("mail.from: %w", err) // Validate has seen it
		}
		m.from = from
	}
	switch name {
	case DriverNone:
		return nil
	case DriverMailbox:
		m.mailbox = &Mailbox{}
		m.sender = m.mailbox
		return nil
	}
	d, ok := o.Drivers[name]
	if !ok {
		return config.NotCompiledIn("mail.driver", name, o.Drivers, "auto", DriverMailbox, DriverNone)
	}
	if m.cfg.From == "" {
		return config.Problems{{Key: "mail.from", Got: "nothing", Want: "the address that mails come from, Shop <no-reply@example.com>"}}
	}
	server := m.cfg.SMTP
	server.Timeout = m.cfg.Timeout
	var err error
	if m.sender, err = d.Open(server); err != nil {
		return config.Problems{{Key: "mail." + name, Got: err.Error()}}
	}
	return nil
}

// Announce says who is going to send, "accounts" for instance, so that the start can warn where mails would be lost. Call it before the start.
func (m *Mailer) Announce(who string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.users = append(m.users, who)
}

// Mailbox returns where mails stay, nil when they leave.
func (m *Mailer) Mailbox() *Mailbox { return m.mailbox }

// Send takes a mail and returns; it is handed over behind the back of the caller. Within a transaction it is taken once that is committed, and
// never when it is rolled back. The errors are one for a message that is none, which is a defect of the caller, and ErrFull; inside a transaction
// a mail that finds the queue full at the commit is lost, and logged.
func (m *Mailer) Send(ctx context.Context, msg Message) error {
	if err := msg.check(); err != nil {
		return fmt.Errorf("send %v: %w", msg, err)
	}
	letter := m.letter(msg)
	var err error // stays nil where the transaction is yet to end
	db.AfterCommit(ctx, func(context.Context) {
		err = m.take(msg.Kind, 0, func(context.Context) (driver.Mail, error) { return letter, nil })
	})
	return err
}

// Compose is Send for a message that is made behind the back of the caller, too, up to 20 ms later, so that his time tells nothing about what is in it, nor whether
// there is one: a zero Message sends nothing. Compose is called again when it fails, as sending is. Its context carries no transaction and ends
// after mail.timeout.
func (m *Mailer) Compose(ctx context.Context, kind string, compose func(ctx context.Context) (Message, error)) error {
	var err error
	db.AfterCommit(ctx, func(context.Context) {
		err = m.take(kind, rand.N(composePause), func(ctx context.Context) (driver.Mail, error) {
			msg, err := compose(ctx)
			if err != nil || msg == (Message{}) {
				return driver.Mail{}, err
			}
			if err := msg.check(); err != nil {
				return driver.Mail{}, driver.Permanent(fmt.Errorf("send %v: %w", msg, err))
			}
			return m.letter(msg), nil
		})
	})
	return err
}

// letter is a message with what a mail has beside.
func (m *Mailer) letter(msg Message) driver.Mail {
	_, domain, _ := strings.Cut(m.from.Address, "@")
	return driver.Mail{
		ID: id.New().String() + "@" + domain, Kind: msg.Kind, Date: m.clock.Now(), From: m.from,
		To: msg.To, Subject: msg.Subject, Text: msg.Text, HTML: msg.HTML,
	}
}

// take makes a place for a mail and begins with it, after a pause.
func (m *Mailer) take(kind string, pause time.Duration, compose func(context.Context) (driver.Mail, error)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.stopped:
		m.lost(kind, errStopped)
		return ErrFull.Because(errStopped)
	case m.waiting >= m.cfg.Queue:
		m.lost(kind, ErrFull)
		return ErrFull
	}
	m.waiting++
	go m.deliver(&delivery{mailer: m, kind: kind, pause: pause, compose: compose, began: time.Now()})
	return nil
}

func (m *Mailer) lost(kind string, why error) {
	m.count(kind, "lost")
	m.log.Error("a mail is lost", "kind", kind, "reason", why.Error())
}

// deliver hands a mail over, or loses it.
func (m *Mailer) deliver(d *delivery) {
	if sent, err := d.run(); err != nil {
		m.lost(d.kind, err)
	} else if sent {
		m.count(d.kind, "sent")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiting--
	close(m.change)
	m.change = make(chan struct{})
}

// start warns where mails would be lost and nobody has said that they may.
func (m *Mailer) start(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sender == nil && !m.chosen && len(m.users) > 0 {
		m.log.WarnContext(ctx, "mails are going to be lost: set mail.driver to smtp, and mail.from and mail.smtp", "senders", strings.Join(m.users, ", "))
	}
	return nil
}

// stop takes no more mails, and tries each that waits once more. When ctx ends, what is left is lost.
func (m *Mailer) stop(ctx context.Context) error {
	m.mu.Lock()
	first := !m.stopped
	m.stopped = true
	m.mu.Unlock()
	if first {
		close(m.stopping)
	}
	err := m.Flush(ctx)
	m.end()
	if err != nil { // those that were under way end now, and are logged
		return m.Flush(context.WithoutCancel(ctx))
	}
	return nil
}

// Flush returns when no mail waits any more, or ctx ends, with its cause.
func (m *Mailer) Flush(ctx context.Context) error {
	for {
		m.mu.Lock()
		waiting, change := m.waiting, m.change
		m.mu.Unlock()
		if waiting == 0 {
			return nil
		}
		select {
		case <-change:
		case <-ctx.Done():
			return fmt.Errorf("wait for mails: %w", context.Cause(ctx))
		}
	}
}
