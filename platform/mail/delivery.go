package mail

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/banyan-go/banyan/platform/mail/driver"
)

// delivery is one mail on its way. It lives in one goroutine.
type delivery struct {
	mailer  *Mailer
	kind    string
	pause   time.Duration // before the first try
	compose func(context.Context) (driver.Mail, error)
	letter  driver.Mail // once it is composed: it keeps its id
	began   time.Time
}

// run tries until the mail is handed over, or there is no use in trying. Sent is false where there was nothing to send.
func (d *delivery) run() (sent bool, err error) {
	last := d.pause > 0 && d.wait(d.pause) // try
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		sent, err = d.try()
		if err == nil || last || driver.IsPermanent(err) || time.Since(d.began)+pause > d.mailer.cfg.RetryFor {
			return sent, err
		}
		wait := pause/2 + rand.N(pause/2) // not when all the others come back
		d.mailer.log.Warn("a mail could not be handed over", "kind", d.kind, "error", err.Error(), "again_in", wait.Round(time.Millisecond).String())
		last = d.wait(wait)
	}
}

// wait reports whether the process stops, before its time is over.
func (d *delivery) wait(pause time.Duration) (stopping bool) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return false
	case <-d.mailer.stopping:
		return true
	}
}

// try composes the mail, unless that is done, and hands it over.
func (d *delivery) try() (sent bool, err error) {
	m := d.mailer
	select {
	case m.working <- struct{}{}:
	case <-m.life.Done():
		return false, errStopped
	}
	defer func() { <-m.working }()
	defer func() {
		if v := recover(); v != nil {
			err = driver.Permanent(fmt.Errorf("a panic: %v", v))
		}
	}()
	ctx, cancel := context.WithTimeout(m.life, m.cfg.Timeout)
	defer cancel()
	if d.letter.ID == "" {
		if d.letter, err = d.compose(ctx); err != nil || d.letter.ID == "" {
			return false, err
		}
	}
	if m.sender == nil {
		return false, driver.Permanent(errNone)
	}
	if err := m.sender.Send(ctx, d.letter); err != nil {
		return false, d.hide(err)
	}
	return true, nil
}

// hide takes the address out of an error, which a server likes to repeat: the log is no place for it.
func (d *delivery) hide(err error) error {
	text := strings.ReplaceAll(err.Error(), d.letter.To, "[address]")
	hidden := fmt.Errorf("%s", text) //nolint:err113 // the text is what is left of it
	if driver.IsPermanent(err) {
		return driver.Permanent(hidden)
	}
	return hidden
}
