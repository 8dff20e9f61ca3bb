package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/redis"
	"github.com/banyan-go/banyan/platform/session/driver"
	"github.com/banyan-go/banyan/platform/telemetry"
)

// Session is one visit of a user. It is immutable.
type Session = driver.Session

// Drivers are the stores that are compiled in, by the name that session.store uses.
type Drivers map[string]driver.Driver

// Options are what sessions stand on. All may be left out but Drivers, what the chosen driver needs, and, to serve, Keys.
type Options struct {
	Drivers   Drivers
	DB        *db.DB
	Redis     *redis.Redis
	Keys      *keyring.Ring // nil in a program that only describes the application: then CSRF is not to be called
	Instances int           // processes of the application; 0 for one
	Plain     bool          // the cookie may travel over plain HTTP: for mode dev
	Log       *slog.Logger
	Metrics   *telemetry.Telemetry
	// Lifecycle takes the start and the stop of what runs beside requests. Without it nothing sweeps, in a command for instance.
	Lifecycle *lifecycle.Lifecycle
}

// The errors that callers compare.
var (
	// ErrEnded is of kind fault.Unauthenticated: the request has no session, or not any more.
	ErrEnded = fault.New(fault.Unauthenticated, "session_ended", "You are signed out. Sign in again.")
	// ErrCrossSite is of kind fault.Forbidden: another site has sent the request that would begin a session.
	ErrCrossSite = fault.New(fault.Forbidden, "cross_site", "This request comes from another site.")
	// ErrAway is of kind fault.Unavailable: the store gives no answer.
	ErrAway = fault.New(fault.Unavailable, "sessions_unavailable", "Nobody can be recognised at the moment. Try again in a moment.")
	// ErrContended is of kind fault.Conflict: other requests of the same session were faster, again and again.
	ErrContended = fault.New(fault.Conflict, "session_contended", "Several requests have changed the same session at the same time.")
	// ErrTooLarge is of kind fault.Invalid: the values of a session are more than 4 KiB together.
	ErrTooLarge = fault.New(fault.Invalid, "session_full", "Too much is kept for one session.")
	// ErrUnknown is of kind fault.NotFound: the user has no session with that handle.
	ErrUnknown = fault.New(fault.NotFound, "no_such_session", "There is no such session, or it has ended.")
	// ErrNoSlot means that a context belongs to no request: a session begins and ends with a cookie.
	ErrNoSlot = errors.New("this context belongs to no request: it has no session.Slot")
)

const (
	// retryAfter is what a caller is told to wait while the store is away.
	retryAfter = time.Second
	// attempts is how often a change is tried that others are in the way of.
	attempts = 8
	// mostOfUser is how many sessions a user has at the same time.
	mostOfUser = 100
	// maxUser is the longest name of a user, in bytes; maxDevice that of a device; and maxName that of a value.
	maxUser, maxDevice, maxAddress, maxName = 255, 200, 64, 64
)

// Sessions begins, finds and ends sessions. It is safe for concurrent use.
type Sessions struct {
	cfg     Config
	store   driver.Store
	csrf    *keyring.Signer
	plain   bool
	log     *slog.Logger
	counts  counts
	touches toucher
}

// New builds the sessions without I/O. What is wrong with the settings it returns as config.Problems: a store that is not compiled in, that lacks
// what it stands on, or that other instances do not see.
func New(cfg Config, o Options) (*Sessions, error) {
	drv, ok := o.Drivers[cfg.Store]
	if !ok {
		return nil, config.NotCompiledIn("session.store", cfg.Store, o.Drivers)
	}
	if o.Instances > 1 && !drv.Features().Shared {
		return nil, config.Problems{{Key: "session.store", Got: strconv.Quote(cfg.Store) + " is not allowed with more than one instance, which would not know the sessions of the others", Hint: "db or redis"}}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	store, err := drv.Open(driver.Options{
		Idle: cfg.Idle, Absolute: cfg.Absolute, Touch: cfg.Touch, Most: mostOfUser,
		DB: o.DB, Redis: o.Redis, Log: o.Log,
	})
	if err != nil {
		return nil, config.Problems{{Key: "session.store", Got: strconv.Quote(cfg.Store) + " " + err.Error()}}
	}
	s := &Sessions{cfg: cfg, store: store, plain: o.Plain, log: o.Log}
	if s.counts, err = newCounts(o.Metrics, cfg.Store); err != nil {
		return nil, err
	}
	if o.Keys != nil {
		s.csrf = o.Keys.Signer(csrfPurpose)
	}
	s.touches = newToucher(s)
	if o.Lifecycle != nil {
		o.Lifecycle.Append(s.hook())
	}
	return s, nil
}

// Load returns the session of a token, and nil when there is none: it never was, it has ended, or the text is no token. The error is ErrAway. That it
// was seen is noted behind the answer, once in session.touch at most.
func (s *Sessions) Load(ctx context.Context, token []byte) (*Session, error) {
	id, ok := parseToken(token)
	if !ok {
		s.counts.malformed.Inc()
		return nil, nil
	}
	sess, err := s.load(ctx, id)
	if err != nil || sess == nil {
		return nil, err
	}
	return sess, nil
}

// load returns the session of an id, nil when there is none that can be read.
func (s *Sessions) load(ctx context.Context, id driver.ID) (*Session, error) {
	sess, due, err := s.store.Load(ctx, id)
	switch {
	case errors.Is(err, driver.ErrCorrupt):
		s.damaged(ctx, err)
		return nil, nil
	case err != nil:
		s.counts.failed.Inc()
		return nil, away("load a session", err)
	case sess == nil:
		s.counts.missed.Inc()
		return nil, nil
	}
	s.counts.found.Inc()
	if due {
		s.touches.touch(id)
	}
	return sess, nil
}

// Enter finds the session of a request by its header Cookie and puts it into the slot. A cookie that leads to no session is taken away from the browser, and so
// is one that stands twice. The error is ErrAway.
func (s *Sessions) Enter(ctx context.Context, slot *Slot, header []byte) error {
	token, sent := s.token(header)
	if !sent {
		return nil
	}
	sess, err := s.Load(ctx, token)
	if err != nil {
		return err
	}
	slot.mu.Lock()
	defer slot.mu.Unlock()
	if slot.session = sess; sess == nil {
		slot.cookie = clearIt
	}
	return nil
}

// AppendCookie appends the value of the header Set-Cookie that the answer of a request needs, nothing when it needs none.
func (s *Sessions) AppendCookie(dst []byte, slot *Slot) []byte {
	slot.mu.Lock()
	defer slot.mu.Unlock()
	if slot.cookie == keep {
		return dst
	}
	return s.appendCookie(dst, slot.token)
}

// SignIn is who signs in.
type SignIn struct {
	User  string // 1 to 255 bytes
	Roles []string
}

// Begin starts a session for a user whose secret was checked, under a new id, and gives its cookie to the answer. The session that the request came with
// ends in the same step. Of more than 100 sessions of one user the oldest end. The errors are ErrCrossSite, ErrNoSlot and ErrAway.
//
// Inside a transaction under db.Global it may be part of that transaction, when sessions are kept in the database; call it outside of others.
func (s *Sessions) Begin(ctx context.Context, in SignIn) (*Session, error) {
	slot := slotOf(ctx)
	switch {
	case slot == nil:
		return nil, ErrNoSlot
	case slot.CrossSite:
		return nil, ErrCrossSite
	case in.User == "" || len(in.User) > maxUser:
		return nil, fmt.Errorf("begin a session: the name of a user has 1 to %d bytes", maxUser)
	}
	var old driver.ID
	if before := slot.Session(); before != nil {
		old = before.ID
	}
	token, id := newToken()
	sess, err := s.store.Create(ctx, &Session{ID: id, User: in.User, Body: driver.Body{
		Roles: slices.Clone(in.Roles), Device: shorten(slot.Device, maxDevice), Address: shorten(slot.Address, maxAddress),
	}}, old)
	if err != nil {
		return nil, s.failed("begin a session", err)
	}
	s.counts.begun.Inc()
	slot.begun(sess, token)
	return sess, nil
}

// Renew gives the session of the request a new id, for the moment when a user may do more than before. The old id is dead in the same step; values,
// beginning and latest end stay. The errors are ErrEnded, ErrContended, ErrNoSlot and ErrAway.
func (s *Sessions) Renew(ctx context.Context) (*Session, error) {
	slot := slotOf(ctx)
	if slot == nil {
		return nil, ErrNoSlot
	}
	token, id := newToken()
	sess, err := s.change(ctx, slot, func(sess *Session) error {
		sess.ID = id
		return nil
	})
	if err != nil {
		return nil, err
	}
	slot.begun(sess, token)
	return sess, nil
}

// End ends the session of the request and takes its cookie away. That there is none is no error. The errors are ErrNoSlot and ErrAway; after that one the
// session goes on.
func (s *Sessions) End(ctx context.Context) error {
	slot := slotOf(ctx)
	if slot == nil {
		return ErrNoSlot
	}
	sess := slot.Session()
	if sess == nil {
		return nil
	}
	if _, err := s.delete(ctx, sess.ID); err != nil {
		return err
	}
	slot.ended()
	return nil
}

// List returns the sessions of a user, the newest first, 100 at most. The error is ErrAway.
func (s *Sessions) List(ctx context.Context, user string) ([]Session, error) {
	all, err := s.list(ctx, user)
	if err != nil {
		return nil, err
	}
	sessions := make([]Session, 0, len(all))
	for _, sess := range all {
		sessions = append(sessions, *sess)
	}
	return sessions, nil
}

func (s *Sessions) list(ctx context.Context, user string) ([]*Session, error) {
	all, err := s.store.List(ctx, user)
	switch {
	case errors.Is(err, driver.ErrCorrupt):
		s.damaged(ctx, err)
	case err != nil:
		return nil, s.failed("list sessions", err)
	}
	return all, nil
}

// Revoke ends the session of a user with this handle. The errors are ErrUnknown and ErrAway.
func (s *Sessions) Revoke(ctx context.Context, user, handle string) error {
	ended, err := s.revoke(ctx, user, func(sess *Session) bool { return sess.Handle == handle })
	if err == nil && ended == 0 {
		return ErrUnknown
	}
	return err
}

// RevokeAll ends the sessions of a user but those with these handles, and returns how many it has ended: after a change of the password, all but the one that has changed it.
// The error is ErrAway.
func (s *Sessions) RevokeAll(ctx context.Context, user string, but ...string) (int, error) {
	return s.revoke(ctx, user, func(sess *Session) bool { return !slices.Contains(but, sess.Handle) })
}

// revoke ends those sessions of a user that are chosen, the one of the request among them.
func (s *Sessions) revoke(ctx context.Context, user string, chosen func(*Session) bool) (int, error) {
	all, err := s.list(ctx, user)
	if err != nil {
		return 0, err
	}
	var ids []driver.ID
	for _, sess := range all {
		if chosen(sess) {
			ids = append(ids, sess.ID)
		}
	}
	if len(ids) == 0 {
		return 0, nil
	}
	n, err := s.delete(ctx, ids...)
	if err != nil {
		return 0, err
	}
	if slot := slotOf(ctx); slot != nil {
		if mine := slot.Session(); mine != nil && slices.Contains(ids, mine.ID) {
			slot.ended()
		}
	}
	return n, nil
}

func (s *Sessions) delete(ctx context.Context, ids ...driver.ID) (int, error) {
	n, err := s.store.Delete(ctx, ids...)
	if err != nil {
		return 0, s.failed("end a session", err)
	}
	s.counts.ended.Add(n)
	return n, nil
}

// damaged counts what a store holds and nobody can read.
func (s *Sessions) damaged(ctx context.Context, err error) {
	s.counts.damaged.Inc()
	s.log.WarnContext(ctx, "a stored session cannot be read and counts as none", "error", err.Error())
}

// failed counts an error of the store.
func (s *Sessions) failed(what string, err error) error {
	s.counts.errors.Inc()
	return away(what, err)
}

// away returns ErrAway for an error of the store, and what says already how long to wait as it is.
func away(what string, err error) error {
	if fault.KindOf(err) == fault.Unavailable {
		return fmt.Errorf("%s: %w", what, err)
	}
	return ErrAway.WithRetryAfter(retryAfter).Because(fmt.Errorf("%s: %w", what, err))
}

// shorten cuts what a client has sent to so many characters, and drops what is no text.
func shorten(text string, most int) string {
	text = strings.ToValidUTF8(text[:min(len(text), 4*most)], "")
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
	n := 0
	for i := range text {
		if n == most {
			return text[:i]
		}
		n++
	}
	return text
}
