package apptest

import (
	"context"
	"slices"

	"github.com/banyan-go/banyan/platform/mail/driver"
)

// Mails returns the last mails that the application has sent, the oldest first, once those that were taken so far are there. It
// fails the test for an application that At has returned.
func (a *App) Mails() []driver.Mail {
	a.t.Helper()
	if a.app == nil {
		a.t.Fatal("the mails of an application in another process are not known")
	}
	mailer := a.app.Platform().Mail
	if err := mailer.Flush(context.WithoutCancel(a.t.Context())); err != nil {
		a.t.Fatal(err)
	}
	mails := mailer.Mailbox().Mails()
	for _, other := range a.others {
		mails = append(mails, other.flush()...)
	}
	slices.SortStableFunc(mails, func(a, b driver.Mail) int { return a.Date.Compare(b.Date) })
	return mails
}
