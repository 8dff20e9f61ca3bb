package user

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/password"
	"github.com/banyan-go/banyan/platform/session/memory"
)

// registers notes that somebody wants to be a user, and returns the link.
func (d *desk) registers(t *testing.T, email string, hashed password.Hash, left time.Duration) string {
	t.Helper()
	link, now := newLink(), d.Clock.Now()
	h := d.db.ForModule("accounts")
	err := h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		return h.Query(ctx, db.Global).Create(&registration{
			ID: id.New(), Hash: hash(link), Name: "Anna", Email: email, Password: hashed, CreatedAt: now.Add(left - time.Hour), ExpiresAt: now.Add(left),
		}).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	return link
}

// A link that was never there, one that was used, one that is too old and one to an address that has an account meanwhile are answered alike; and no password
// tells more of the first three.
func TestLinksThatAreNone(t *testing.T) {
	t.Parallel()
	d := newDesk(t, onSQLite(t), memory.Driver{})
	hashed, err := d.Passwords.Hash(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	used, old := d.registers(t, annas, hashed, time.Hour), d.registers(t, annas, hashed, -time.Minute)
	late := d.registers(t, annas, hashed, time.Hour)
	if _, err := d.Verify(t.Context(), used, other); !errors.Is(err, accounts.ErrLinkPassword) {
		t.Fatalf("a wrong password: %v", err)
	}
	if a, err := d.Verify(t.Context(), used, first); err != nil || a.Email != annas {
		t.Fatalf("%v, %v", a, err)
	}
	for what, link := range map[string]string{"used": used, "old": old, "unknown": strings.Repeat("A", 43), "no link": "", "to who has an account": late} {
		for _, plain := range []string{first, other} {
			if link == late && plain == other {
				continue
			}
			if _, err := d.Verify(t.Context(), link, plain); !errors.Is(err, accounts.ErrLink) {
				t.Errorf("%s, with the password %s: %v", what, plain, err)
			}
		}
	}
}
