package mail

import (
	"context"
	"slices"
	"sync"

	"github.com/banyan-go/banyan/platform/mail/driver"
)

// mailboxSize is how many mails a Mailbox holds.
const mailboxSize = 100

// Mailbox keeps the last hundred mails in memory. It is safe for concurrent use.
type Mailbox struct {
	mu    sync.Mutex
	mails []driver.Mail
}

var _ driver.Sender = (*Mailbox)(nil)

// Send keeps a mail.
func (b *Mailbox) Send(_ context.Context, m driver.Mail) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.mails) == mailboxSize {
		b.mails = slices.Delete(b.mails, 0, 1)
	}
	b.mails = append(b.mails, m)
	return nil
}

// Mails returns what is there, the oldest first.
func (b *Mailbox) Mails() []driver.Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.mails)
}
