package user

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/modules/accounts/internal/token"
	"github.com/banyan-go/banyan/modules/accounts/migrations"
	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/platform"
	"github.com/banyan-go/banyan/platform/db/postgres"
	"github.com/banyan-go/banyan/platform/db/sqlite"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/mail"
	"github.com/banyan-go/banyan/platform/password"
	"github.com/banyan-go/banyan/platform/ratelimit"
	"github.com/banyan-go/banyan/platform/servertest"
	"github.com/banyan-go/banyan/platform/session"
	"github.com/banyan-go/banyan/platform/session/driver"
	"github.com/banyan-go/banyan/platform/session/memory"
	"github.com/banyan-go/banyan/platform/session/sqlstore"
)

// The user that these tests are about.
const (
	annas = "anna@example.com"
	first = "correct horse"
	other = "battery staple"
)

// desk is the use cases over what they stand on, without an application around them.
type desk struct {
	*Service
	db    *db.DB
	mails *lifecycle.Lifecycle // whose stop ends the sending of mails
	log   *bytes.Buffer
}

// newDesk builds the use cases over a database and a store of sessions.
func newDesk(t *testing.T, cfg db.Config, sessions driver.Driver) *desk {
	t.Helper()
	d := &desk{mails: &lifecycle.Lifecycle{}, log: &bytes.Buffer{}}
	log := slog.New(slog.NewTextHandler(d.log, nil))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var lc lifecycle.Lifecycle
	var err error
	d.db, err = db.New(cfg, db.Drivers{"sqlite": sqlite.Driver{}, "postgres": postgres.Driver{}}, &lc, slog.New(slog.DiscardHandler))
	must(err)
	must(lc.Start(t.Context()))
	t.Cleanup(func() {
		if err := lc.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	m, err := d.db.Migrator([]db.Migrations{platform.Migrations(), {Module: "accounts", Files: migrations.Files}})
	must(err)
	_, err = m.Up(t.Context())
	must(err)
	p := Platform{Clock: clock.System(), Passwords: password.New(), Limits: ratelimit.New(ratelimit.Default(), ratelimit.Options{}), Log: log}
	must(p.Limits.Declare(Limits()))
	settings := session.Default()
	settings.Store = "here"
	p.Sessions, err = session.New(settings, session.Options{Drivers: session.Drivers{"here": sessions}, DB: d.db})
	must(err)
	p.Mail, err = mail.New(mail.Default(), mail.Options{Mailbox: true, Log: log}, d.mails)
	must(err)
	h := d.db.ForModule("accounts")
	p.Tokens = token.New(h, token.Settings{})
	d.Service = New(h, p, Settings{VerifyLink: time.Hour, ResetLink: time.Hour})
	return d
}

// onSQLite returns the settings of a database in a file.
func onSQLite(t *testing.T) db.Config {
	t.Helper()
	cfg := db.Default()
	cfg.DSN = "file:" + filepath.Join(t.TempDir(), "app.db")
	cfg.SQLite.Durable = false
	return cfg
}

// anna makes her account.
func (d *desk) anna(t *testing.T) Account {
	t.Helper()
	user, err := begin("Anna", annas, d.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	a := Account{User: user}
	if a.password, err = d.Passwords.Hash(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	h := d.db.ForModule("accounts")
	if err := h.Tx(t.Context(), db.Global, func(ctx context.Context) error { return insert(h.Query(ctx, db.Global), toRow(a, nil)) }); err != nil {
		t.Fatal(err)
	}
	return a
}

// link notes that she has asked for a new password.
func (d *desk) link(t *testing.T, a Account) string {
	t.Helper()
	link := newLink()
	h := d.db.ForModule("accounts")
	err := h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		return h.Query(ctx, db.Global).Create(&reset{ID: id.New(), UserID: a.ID, Hash: hash(link), CreatedAt: d.Clock.Now(), ExpiresAt: d.Clock.Now().Add(time.Hour)}).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	return link
}

// request is the context of one.
func request(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return context.WithValue(ctx, session.SlotKey{}, &session.Slot{})
}

// in signs her in without a look at her account, as a request does that has looked before.
func (d *desk) in(ctx context.Context, t *testing.T, a Account) {
	t.Helper()
	if _, err := d.Sessions.Begin(ctx, session.SignIn{User: a.ID.String()}); err != nil {
		t.Fatal(err)
	}
}

// keyed runs what a request does that has an Idempotency-Key: nothing is committed before all of it is done.
func (d *desk) keyed(ctx context.Context, fn func(ctx context.Context) error) error {
	return d.db.Deferred(ctx, fn, func(context.Context, db.Key) error { return nil })
}

// handles returns those of her sessions.
func (d *desk) handles(t *testing.T, a Account) (handles []string) {
	t.Helper()
	all, err := d.Sessions.List(request(t), a.ID.String())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		handles = append(handles, s.Handle)
	}
	return handles
}

// A change that waits for its commit ends the sessions once more behind that, and not before: who came in meanwhile has seen nothing of it.
func TestSessionsEndBehindTheCommit(t *testing.T) {
	t.Parallel()
	admin := id.New()
	for name, c := range map[string]struct {
		change func(ctx context.Context, d *desk, a Account, link string) error
		stays  bool // the session of the request
	}{
		"roles": {change: func(ctx context.Context, d *desk, a Account, _ string) error {
			_, err := d.SetRoles(ctx, admin, a.ID, []string{"editor"})
			return err
		}},
		"disable": {change: func(ctx context.Context, d *desk, a Account, _ string) error {
			_, err := d.SetDisabled(ctx, admin, a.ID, true)
			return err
		}},
		"delete": {change: func(ctx context.Context, d *desk, a Account, _ string) error { return d.Delete(ctx, admin, a.ID) }},
		"reset": {change: func(ctx context.Context, d *desk, _ Account, link string) error {
			return d.ConfirmReset(ctx, link, other)
		}},
		"password": {change: func(ctx context.Context, d *desk, a Account, _ string) error {
			return d.ChangePassword(ctx, a.ID, first, other)
		}, stays: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, onSQLite(t), breaking{memory.Driver{}, new(bool)})
			a := d.anna(t)
			link := d.link(t, a)
			ctx := request(t)
			if c.stays {
				d.in(ctx, t, a)
			}
			err := d.keyed(ctx, func(ctx context.Context) error {
				err := c.change(ctx, d, a, link)
				d.in(request(t), t, a)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			mine, ok := session.From(ctx)
			left := d.handles(t, a)
			if ok != c.stays || ok && (len(left) != 1 || left[0] != mine.Handle) || !ok && len(left) != 0 {
				t.Errorf("%d sessions are left, that of the request is %+v", len(left), mine)
			}
		})
	}
}

// Whom an admin disables while a login waits for its commit is not in behind it.
func TestSignInLooksAgainBehindTheCommit(t *testing.T) {
	t.Parallel()
	cfg := db.Default()
	cfg.Driver, cfg.DSN = "postgres", servertest.StartPostgres(t).Database(t)
	d := newDesk(t, cfg, sqlstore.Driver{})
	a := d.anna(t)
	ctx := request(t)
	err := d.keyed(ctx, func(ctx context.Context) error {
		if _, err := d.SignIn(ctx, annas, first); err != nil {
			return err
		}
		_, err := d.SetDisabled(request(t), id.New(), a.ID, true)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if mine, ok := session.From(ctx); ok || len(d.handles(t, a)) != 0 {
		t.Errorf("she is signed in as %+v", mine)
	}
}

// A password that was changed is changed, also where the mail about it finds no place in the queue.
func TestNoticesAreNotTheUseCase(t *testing.T) {
	t.Parallel()
	d := newDesk(t, onSQLite(t), memory.Driver{})
	a := d.anna(t)
	link := d.link(t, a)
	if err := d.mails.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.mails.Stop(t.Context()); err != nil { // from now on no mail is taken
		t.Fatal(err)
	}
	if err := d.RequestReset(t.Context(), annas); !errors.Is(err, mail.ErrFull) {
		t.Fatalf("a mail that is all there is: %v", err)
	}
	if err := d.ConfirmReset(request(t), link, other); err != nil {
		t.Errorf("a reset: %v", err)
	}
	ctx := request(t)
	d.in(ctx, t, a)
	if err := d.ChangePassword(ctx, a.ID, other, first); err != nil {
		t.Errorf("a change: %v", err)
	}
	if n := strings.Count(d.log.String(), "level=WARN msg=\"a user was not told"); n != 2 {
		t.Errorf("the log tells of %d, want 2: %s", n, d.log)
	}
}

// breaking is a store of sessions that can be away, and that wants to know how long it may take, as one in Redis does.
type breaking struct {
	driver.Driver
	away *bool
}

type breakable struct {
	driver.Store
	away *bool
}

func (b breaking) Open(o driver.Options) (driver.Store, error) {
	s, err := b.Driver.Open(o)
	return breakable{s, b.away}, err
}

func (b breakable) List(ctx context.Context, user string) ([]*driver.Session, error) {
	if err := b.check(ctx); err != nil {
		return nil, err
	}
	return b.Store.List(ctx, user)
}

func (b breakable) Delete(ctx context.Context, ids ...driver.ID) (int, error) {
	if err := b.check(ctx); err != nil {
		return 0, err
	}
	return b.Store.Delete(ctx, ids...)
}

func (b breakable) check(ctx context.Context) error {
	if _, ends := ctx.Deadline(); *b.away || !ends {
		return errors.New("the store is away, or nobody says for how long it is waited for")
	}
	return nil
}

// What is found out behind the commit of a request with a key is no answer any more: it is logged. Nobody gets the cookie of a session that should not be.
func TestErrorsBehindTheCommit(t *testing.T) {
	t.Parallel()
	away := false
	d := newDesk(t, onSQLite(t), breaking{memory.Driver{}, &away})
	a := d.anna(t)
	err := d.keyed(request(t), func(ctx context.Context) error {
		_, err := d.SetRoles(ctx, id.New(), a.ID, []string{"editor"})
		away = true
		return err
	})
	if err != nil || !strings.Contains(d.log.String(), "level=ERROR") || !strings.Contains(d.log.String(), a.ID.String()) {
		t.Errorf("error %v, log %s", err, d.log)
	}

	ctx := request(t)
	now, err := d.Get(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	d.in(ctx, t, a)
	if err := d.lookAgain(ctx, now); err != nil {
		t.Errorf("a look at what is as it was: %v", err)
	}
	if err := d.lookAgain(ctx, a); !errors.Is(err, accounts.ErrCredentials) || !errors.Is(err, session.ErrAway) {
		t.Errorf("a look at what has changed: %v", err)
	}
	if mine, ok := session.From(ctx); ok || len(d.Sessions.AppendCookie(nil, ctx.Value(session.SlotKey{}).(*session.Slot))) > 0 {
		t.Errorf("there is a cookie of %+v", mine)
	}
}
