package idempotency

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/telemetry"
)

const (
	// MaxKey is how many characters a key may have.
	MaxKey = 255
	// MinAnonymous is how many characters a key has to have from somebody who is not signed in. A UUID has 36.
	MinAnonymous = 20
	// MaxBody is the most bytes of an answer that are kept.
	MaxBody = 256 << 10
)

// retryAfter is what is said to who asks while the first request runs: most are done by then.
const retryAfter = time.Second

// The answers to a key that is not to be used, or not yet.
var (
	// ErrMalformed is of kind fault.Malformed: the key is no key.
	ErrMalformed = fault.New(fault.Malformed, "idempotency_key_malformed", "The header Idempotency-Key stands once, and has 1 to 255 visible ASCII characters.")
	// ErrGuessable is of kind fault.Malformed: others could come up with that key.
	ErrGuessable = fault.New(fault.Malformed, "idempotency_key_guessable", "Without signing in, an Idempotency-Key has at least 20 characters: draw a UUID.")
	// ErrInFlight is of kind fault.Conflict: a request with that key is being carried out.
	ErrInFlight = fault.New(fault.Conflict, "idempotency_in_flight", "A request with this Idempotency-Key is being carried out. Ask again.").WithRetryAfter(retryAfter)
	// ErrGone is of kind fault.Conflict: a request with that key was carried out, and its answer is not kept.
	ErrGone = fault.New(fault.Conflict, "idempotency_answer_gone", "The request with this Idempotency-Key was carried out, and its answer is not kept.")
	// ErrReused is of kind fault.Invalid: that key belongs to another request.
	ErrReused = fault.New(fault.Invalid, "idempotency_key_reused", "This Idempotency-Key was sent with another request.")
)

// Options are what Keys are made of.
type Options struct {
	DB *db.DB
	// Ring is nil in programs that serve nothing.
	Ring *keyring.Ring
	// Telemetry gets the metrics; nil for none.
	Telemetry *telemetry.Telemetry
	Log       *slog.Logger
}

// Keys are the keys of an application. They are safe for concurrent use.
type Keys struct {
	cfg      Config
	db       *db.DB
	h        *db.Handle
	words    dialect
	requests *keyring.Signer
	answers  *keyring.Sealer
	outcomes *telemetry.Counter // nil for none
	log      *slog.Logger
}

// New makes the keys without I/O, and appends to lc what takes old ones away while the application runs. The table is one of the platform's
// migrations. It returns nil where the settings say that no keys are heeded.
func New(cfg Config, o Options, lc *lifecycle.Lifecycle) (*Keys, error) {
	if !cfg.Enabled {
		return nil, nil
	}
	k := &Keys{cfg: cfg, db: o.DB, h: o.DB.Platform(), words: dialectOf(o.DB.Dialect()), answers: o.Ring.Sealer("idempotency answer"), log: o.Log}
	if o.Ring != nil {
		k.requests = o.Ring.Signer("idempotency request")
	}
	if o.Telemetry != nil {
		var err error
		k.outcomes, err = o.Telemetry.Counter("idempotency_requests_total", "Requests with an Idempotency-Key, by what became of them.", "outcome")
		if err != nil {
			return nil, err
		}
		for _, outcome := range outcomes() {
			k.outcomes.Add(0, outcome) // who looks for it finds it before it happens
		}
	}
	lc.Append(k.sweeping())
	return k, nil
}

// outcomes are the values of the label outcome of idempotency_requests_total.
func outcomes() []string {
	return []string{
		"begun",      // the work was begun
		"replayed",   // the answer was there
		"in_flight",  // 409: somebody is at it
		"mismatched", // 422: the key is another request's
		"gone",       // 409: the answer is not kept
		"failed",     // of those begun: undone, because the answer was 5xx
		"late",       // of those begun: rolled back, because the lease had run out
	}
}

// Caller is who sends a request.
type Caller struct {
	// Subject is the id of who is signed in, empty for nobody.
	Subject string
	// Address is where the request comes from. It counts for nobody else.
	Address netip.Addr
}

// Request is what a key is about.
type Request struct {
	Caller Caller
	Route  string // "POST /api/v1/catalog/products"
	Key    string // the header
	// Sum is the hash of all that makes the request another one: see Sum.
	Sum [sha256.Size]byte
}

// Sum returns the hash of the parts of a request: method, path, query and body for instance.
func Sum(parts ...[]byte) (sum [sha256.Size]byte) {
	h := sha256.New()
	var length [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(p))) // so that no two lists of parts are the same bytes
		h.Write(length[:])
		h.Write(p)
	}
	h.Sum(sum[:0])
	return sum
}

// check returns what is wrong with the key.
func (r Request) check() error {
	if len(r.Key) == 0 || len(r.Key) > MaxKey {
		return ErrMalformed
	}
	for i := range len(r.Key) {
		if c := r.Key[i]; c <= ' ' || c > '~' {
			return ErrMalformed
		}
	}
	if r.Caller.Subject == "" && len(r.Key) < MinAnonymous {
		return ErrGuessable
	}
	return nil
}

// scope returns the name of the key in the table. The key alone is never one.
func (r Request) scope() string {
	who, kind := []byte(r.Caller.Subject), "user"
	if r.Caller.Subject == "" {
		who, kind = r.Caller.Address.Unmap().WithZone("").AsSlice(), "address"
	}
	sum := Sum([]byte(kind), who, []byte(r.Route), []byte(r.Key))
	return hex.EncodeToString(sum[:])
}

// Attempt is a request that is to be carried out. It ends with Run.
type Attempt struct {
	keys  *Keys
	scope string
	token string // of this attempt and no other
}

// rounds is how often Begin looks again when somebody else was faster.
const rounds = 3

// Begin returns either the attempt to carry out a request, or the answer that it got before. The errors are ErrMalformed, ErrGuessable, ErrInFlight,
// ErrGone and ErrReused, and those of the database.
func (k *Keys) Begin(ctx context.Context, r Request) (*Attempt, *Answer, error) {
	if err := r.check(); err != nil {
		return nil, nil, err
	}
	a := &Attempt{keys: k, scope: r.scope(), token: newToken()}
	for range rounds {
		answer, err := k.find(ctx, a.scope, r)
		if answer != nil || err != nil {
			return nil, answer, k.counted(err)
		}
		begun, err := a.claim(ctx, r)
		if err != nil {
			return nil, nil, err
		}
		if begun {
			k.count("begun")
			return a, nil, nil
		}
	}
	return nil, nil, k.counted(ErrInFlight)
}

// newToken returns 128 bits at random.
func newToken() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// counted counts how Begin ends without an attempt, and returns err.
func (k *Keys) counted(err error) error {
	switch {
	case err == nil:
		k.count("replayed")
	case errors.Is(err, ErrInFlight):
		k.count("in_flight")
	case errors.Is(err, ErrReused):
		k.count("mismatched")
	case errors.Is(err, ErrGone):
		k.count("gone")
	}
	return err
}

func (k *Keys) count(outcome string) {
	if k.outcomes != nil {
		k.outcomes.Inc(outcome)
	}
}

// entry is a row of the table.
type entry struct {
	Request []byte
	Status  sql.NullInt64 // null while the request runs
	Answer  []byte        // null while it runs, and where it is not kept
}

// find returns the answer to a request that was carried out; nil and no error when there is none, and nobody is at it.
func (k *Keys) find(ctx context.Context, scope string, r Request) (*Answer, error) {
	var found []entry
	err := k.h.Query(ctx, db.Global).
		Raw("SELECT request, status, answer FROM platform_idempotency_keys WHERE scope = ? AND expires_at > "+k.words.now, scope).Scan(&found).Error
	if err != nil {
		return nil, fmt.Errorf("look for an idempotency key: %w", err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	e := found[0]
	switch {
	case !k.requests.Verify(r.Sum[:], e.Request):
		return nil, ErrReused
	case !e.Status.Valid:
		return nil, ErrInFlight
	case e.Answer == nil:
		return nil, ErrGone
	}
	text, err := k.answers.Open(e.Answer, []byte(scope))
	if err != nil {
		return nil, ErrGone.Because(err)
	}
	return decode(int(e.Status.Int64), text)
}

// claim takes the key, unless somebody has it.
func (a *Attempt) claim(ctx context.Context, r Request) (begun bool, err error) {
	k := a.keys
	request := k.requests.Append(nil, r.Sum[:])
	err = k.h.Tx(ctx, db.Global, func(ctx context.Context) error {
		done := k.h.Query(ctx, db.Global).Exec("INSERT INTO platform_idempotency_keys (scope, request, token, expires_at) VALUES (?, ?, ?, "+k.words.later+")"+
			" ON CONFLICT (scope) DO UPDATE SET request = excluded.request, token = excluded.token, status = NULL, answer = NULL, expires_at = excluded.expires_at"+
			" WHERE platform_idempotency_keys.expires_at <= "+k.words.now, a.scope, request, a.token, k.words.span(k.cfg.Lease))
		begun = done.RowsAffected == 1
		return done.Error
	})
	if err != nil {
		return false, fmt.Errorf("begin with an idempotency key: %w", err)
	}
	return begun, nil
}

// errUndone rolls back what a request has written that failed.
var errUndone = errors.New("the request has failed")

// Run has work answer the request, and returns once its effect and its answer are committed together; until then transactions wait, as
// db.DB.Deferred says. After an error the effect is rolled back, and what work has answered is not to be sent: ErrInFlight when the lease ran out
// and somebody else has taken over, db.ErrDoomed when work has ignored that a part failed, or another one of the database.
//
// When the answer is a failure of the server (5xx), the effect is rolled back without an error, and the key is free again. Other answers that are
// not kept, see Answer, are committed and free the key.
func (a *Attempt) Run(ctx context.Context, work func(ctx context.Context) Answer) error {
	settled := false
	defer func() {
		if !settled { // also when work panics
			a.abandon(context.WithoutCancel(ctx))
		}
	}()
	var answer Answer
	err := a.keys.db.Deferred(ctx, func(ctx context.Context) error {
		if answer = work(ctx); answer.Status >= 500 {
			return errUndone
		}
		return nil
	}, func(ctx context.Context, key db.Key) error { return a.settle(ctx, key, answer) })
	if errors.Is(err, db.ErrDoomed) && answer.Status >= 400 && answer.Status < 500 {
		// It says so itself: one of its transactions failed, and took the others along.
		err = a.keys.h.Tx(ctx, db.Global, func(ctx context.Context) error { return a.settle(ctx, db.Global, answer) })
	}
	if errors.Is(err, errUndone) {
		a.keys.count("failed")
		return nil
	}
	if errors.Is(err, ErrInFlight) {
		a.keys.count("late")
	}
	settled = err == nil
	return err
}

// settle writes the answer beside the effect, if the key is still this attempt's.
func (a *Attempt) settle(ctx context.Context, key db.Key, answer Answer) error {
	if !answer.kept() {
		return a.forget(ctx, key)
	}
	var sealed any // nil is null
	if len(answer.Body) <= MaxBody && !answer.Unrepeatable {
		text, err := a.keys.answers.Seal(answer.encode(), []byte(a.scope))
		if err != nil {
			return fmt.Errorf("keep an answer: %w", err)
		}
		sealed = []byte(text)
	}
	words := a.keys.words
	done := a.keys.h.Query(ctx, key).Exec("UPDATE platform_idempotency_keys SET status = ?, answer = ?, expires_at = "+words.later+" WHERE scope = ? AND token = ?",
		answer.Status, sealed, words.span(a.keys.cfg.Retention), a.scope, a.token)
	return mine(done.RowsAffected, done.Error)
}

// forget frees the key, if it is still this attempt's.
func (a *Attempt) forget(ctx context.Context, key db.Key) error {
	done := a.keys.h.Query(ctx, key).Exec("DELETE FROM platform_idempotency_keys WHERE scope = ? AND token = ? AND status IS NULL", a.scope, a.token)
	return mine(done.RowsAffected, done.Error)
}

// mine returns an error unless a statement has found the row with its token.
func mine(rows int64, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("end with an idempotency key: %w", err)
	case rows == 0:
		return ErrInFlight.Because(errors.New("the lease had run out, and somebody else has the key"))
	default:
		return nil
	}
}

// abandon frees the key of a request that had no effect. Where that fails the lease runs out.
func (a *Attempt) abandon(ctx context.Context) {
	err := a.keys.h.Tx(ctx, db.Global, func(ctx context.Context) error { return a.forget(ctx, db.Global) })
	if err != nil && !errors.Is(err, ErrInFlight) {
		a.keys.log.WarnContext(ctx, "an idempotency key is held until its lease runs out", "error", err.Error())
	}
}
