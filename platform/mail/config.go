package mail

import (
	"net/mail"
	"strconv"
	"time"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/mail/driver"
	"github.com/banyan-go/banyan/platform/unit"
)

// The drivers that every program has.
const (
	// DriverMailbox keeps the last mails in memory; see Mailbox.
	DriverMailbox = "mailbox"
	// DriverNone loses every mail, and says so in the log.
	DriverNone = "none"
)

// Config is the section `mail`.
type Config struct {
	Driver   unit.Auto[string] `config:"driver" doc:"How mails leave: smtp or another driver that is compiled in (drivers.go), mailbox, which keeps the last 100 in memory, none, which loses them and logs that, or auto: mailbox in mode dev and test, none in mode prod."`
	From     string            `config:"from" doc:"Sender, an address with or without a name: Shop <no-reply@example.com>."`
	SMTP     driver.Server     `config:"smtp"`
	Timeout  time.Duration     `config:"timeout" doc:"Longest time for handing one mail over."`
	RetryFor time.Duration     `config:"retry_for" doc:"How long a mail is tried again that could not be handed over; then it is lost."`
	Queue    int               `config:"queue" doc:"Mails that wait at the same time, at most; more are refused."`
	Parallel int               `config:"parallel" doc:"Mails that are handed over at the same time, at most."`
}

// Default returns the built-in settings.
func Default() Config {
	return Config{
		SMTP:     driver.Server{TLS: "starttls"},
		Timeout:  10 * time.Second,
		RetryFor: 10 * time.Minute,
		Queue:    1000,
		Parallel: 4,
	}
}

// Validate reports values that break a rule.
func (c Config) Validate(r *config.Report) {
	if c.From != "" {
		if _, err := sender(c.From); err != nil {
			r.Add("from", strconv.Quote(c.From), "an address with or without a name, Shop <no-reply@example.com>")
		}
	}
	switch c.SMTP.TLS {
	case "starttls", "tls", "none":
	default:
		r.Add("smtp.tls", strconv.Quote(c.SMTP.TLS), "starttls, tls or none")
	}
	if c.Timeout <= 0 {
		r.Add("timeout", c.Timeout.String(), "more than 0")
	}
	if c.RetryFor < 0 {
		r.Add("retry_for", c.RetryFor.String(), "0 or more")
	}
	if c.Queue < 1 || c.Queue > 100_000 {
		r.Add("queue", strconv.Itoa(c.Queue), "1 to 100000")
	}
	if c.Parallel < 1 || c.Parallel > 100 {
		r.Add("parallel", strconv.Itoa(c.Parallel), "1 to 100")
	}
}

// sender reads the address that mails come from.
func sender(from string) (mail.Address, error) {
	a, err := mail.ParseAddress(from)
	if err != nil {
		return mail.Address{}, err
	}
	if err := oneLine(a.Name + a.Address); err != nil {
		return mail.Address{}, err
	}
	return *a, nil
}
