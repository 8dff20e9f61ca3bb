package idempotency_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/idempotency"
	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/lifecycle"
)

// The first request is carried out, the others get its answer.
func testCarriedOutOnce(t *testing.T, w *world) {
	w.run(w.begin(request()), w.does("one", created()))
	for range 2 {
		attempt, before, err := w.keys.Begin(t.Context(), request())
		if want := created(); attempt != nil || err != nil || !reflect.DeepEqual(before, &want) {
			t.Errorf("%v, %+v, %v, want the answer %+v", attempt, before, err, want)
		}
	}
	w.wantEffects(1)
}

// What is not the caller, the route and the key of the first request is another request, and what is but for its body is refused.
func testScope(t *testing.T, w *world) {
	anonymous := request()
	anonymous.Key, anonymous.Caller = strings.Repeat("k", idempotency.MinAnonymous), idempotency.Caller{Address: address("192.0.2.1")}
	first := request()
	first.Caller.Address = address("192.0.2.1")
	for i, r := range []idempotency.Request{first, anonymous} {
		w.run(w.begin(r), w.does(fmt.Sprint("first ", i), created()))
	}
	for i, change := range []func(r *idempotency.Request){
		func(r *idempotency.Request) { r.Caller = idempotency.Caller{Subject: "bob"} },
		func(r *idempotency.Request) { r.Caller = idempotency.Caller{Subject: "192.0.2.1"} },
		func(r *idempotency.Request) { r.Caller = idempotency.Caller{Address: address("192.0.2.2")} },
		func(r *idempotency.Request) { r.Caller = idempotency.Caller{Address: address("2001:db8::1")} },
		func(r *idempotency.Request) { r.Route = "POST /invoices" },
		func(r *idempotency.Request) { r.Key += "2" },
	} {
		r := anonymous
		change(&r)
		w.run(w.begin(r), w.does(fmt.Sprint("other ", i), created()))
	}
	w.wantEffects(8)
	first.Caller.Address = address("198.51.100.1") // ada on her way
	if attempt, before, err := w.keys.Begin(t.Context(), first); attempt != nil || before == nil || err != nil {
		t.Errorf("from another address: %v, %v, %v, want her answer", attempt, before, err)
	}
	mapped := anonymous
	mapped.Caller.Address = address("::ffff:192.0.2.1")
	if attempt, before, err := w.keys.Begin(t.Context(), mapped); attempt != nil || before == nil || err != nil {
		t.Errorf("from the same address, written differently: %v, %v, %v, want the answer", attempt, before, err)
	}
	first.Sum = sum("another body")
	w.wantRefused(first, idempotency.ErrReused)
}

func TestWhatIsAKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite", "file:"+t.TempDir()+"/test.db")
	for _, c := range []struct {
		key       string
		anonymous bool
		want      error
	}{
		{key: "", want: idempotency.ErrMalformed},
		{key: "a b", want: idempotency.ErrMalformed},
		{key: "a\x00", want: idempotency.ErrMalformed},
		{key: "a\x7f", want: idempotency.ErrMalformed},
		{key: "schlüssel", want: idempotency.ErrMalformed},
		{key: strings.Repeat("k", 256), want: idempotency.ErrMalformed},
		{key: strings.Repeat("k", 19), anonymous: true, want: idempotency.ErrGuessable},
		{key: strings.Repeat("k", 20), anonymous: true},
		{key: "!"},
		{key: `"8e03978e-40d5-43dd-bc93-6894a57f9324"`},
		{key: strings.Repeat("~", 255)},
	} {
		r := request()
		if r.Key = c.key; c.anonymous {
			r.Caller = idempotency.Caller{Address: address("192.0.2.1")}
		}
		attempt, _, err := w.keys.Begin(t.Context(), r)
		if !errors.Is(err, c.want) || (attempt == nil) != (c.want != nil) {
			t.Errorf("%q: %v, want %v", c.key, err, c.want)
		}
	}
}

// No two requests are the same but for where one part ends.
func TestSumKnowsItsParts(t *testing.T) {
	t.Parallel()
	if idempotency.Sum([]byte("/a"), []byte("b")) == idempotency.Sum([]byte("/ab"), nil) || idempotency.Sum() == idempotency.Sum(nil) {
		t.Error("the parts run into each other")
	}
}

// While a request runs, others with its key are told to come again.
func testOneAtATime(t *testing.T, w *world) {
	w.run(w.begin(request()), func(ctx context.Context) idempotency.Answer {
		w.wantRefused(request(), idempotency.ErrInFlight)
		other := request()
		other.Sum = sum("another body")
		w.wantRefused(other, idempotency.ErrReused)
		return created()
	})
	if f, ok := errors.AsType[*fault.Error](idempotency.ErrInFlight); !ok || f.RetryAfter <= 0 {
		t.Error("nobody is told when to come again")
	}
}

// Of many at the same time one is carried out.
func testManyAtOnce(t *testing.T, w *world) {
	var begun, replayed atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			attempt, before, err := w.keys.Begin(t.Context(), request())
			switch {
			case attempt != nil:
				begun.Add(1)
				if err := attempt.Run(t.Context(), w.does("one", created())); err != nil {
					t.Error(err)
				}
			case before != nil:
				replayed.Add(1)
			case !errors.Is(err, idempotency.ErrInFlight) && !errors.Is(err, db.ErrBusy):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if begun.Load() != 1 {
		t.Errorf("%d were begun and %d replayed, want 1 to be begun", begun.Load(), replayed.Load())
	}
	w.wantEffects(1)
}

// What becomes of the effect, and of the key, says the answer.
func testAnswerDecides(t *testing.T, w *world) {
	for status, c := range map[int]struct{ effect, kept bool }{
		200: {effect: true, kept: true},
		303: {effect: true, kept: true},
		401: {effect: true, kept: true}, // a failed attempt that was counted, for instance
		409: {effect: true, kept: true},
		422: {effect: true, kept: true},
		406: {effect: true},
		415: {effect: true},
		429: {effect: true}, // counted too: nobody gets around a limit with a key
		500: {},
		503: {},
	} {
		name := fmt.Sprint(status)
		r := request()
		r.Key = name
		w.run(w.begin(r), w.does(name, idempotency.Answer{Status: status, Body: []byte(name)}))
		if there := w.rows("SELECT count(*) FROM test_effects WHERE name = '"+name+"'") == 1; there != c.effect {
			t.Errorf("%d: there is an effect: %v, want %v", status, there, c.effect)
		}
		attempt, before, err := w.keys.Begin(t.Context(), r)
		if err != nil || (before != nil) != c.kept || (attempt != nil) == c.kept {
			t.Errorf("%d: %v, %v, %v, want it to be kept: %v", status, attempt, before, err, c.kept)
		}
	}
}

// A request that panics, or fails to commit, has no effect, and the next one is carried out.
func testFailureFreesTheKey(t *testing.T, w *world) {
	attempt := w.begin(request())
	func() {
		defer func() { _ = recover() }()
		_ = attempt.Run(t.Context(), func(ctx context.Context) idempotency.Answer {
			w.does("one", created())(ctx)
			panic("mine")
		})
		t.Error("the panic did not pass")
	}()
	w.wantEffects(0)

	ended, end := context.WithCancel(t.Context())
	err := w.begin(request()).Run(ended, func(ctx context.Context) idempotency.Answer {
		defer end()
		return w.does("one", created())(ctx)
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a request whose time was over: %v", err)
	}
	w.wantEffects(0)

	w.run(w.begin(request()), w.does("one", created()))
	w.wantEffects(1)
}

// One whose later transaction fails, and says so, has had no effect at all. That is an answer, too.
func testRefusalBehindAnEffect(t *testing.T, w *world) {
	mine := errors.New("mine")
	fail := func(status int) func(ctx context.Context) idempotency.Answer {
		return func(ctx context.Context) idempotency.Answer {
			w.does("one", created())(ctx)
			if err := w.db.Platform().Tx(ctx, db.Global, func(context.Context) error { return mine }); !errors.Is(err, mine) {
				t.Errorf("a transaction that fails: %v", err)
			}
			return idempotency.Answer{Status: status}
		}
	}
	if err := w.begin(request()).Run(t.Context(), fail(201)); !errors.Is(err, db.ErrDoomed) {
		t.Errorf("one that looks away: %v, want ErrDoomed", err)
	}
	w.run(w.begin(request()), fail(409))
	w.wantEffects(0)
	if _, before, err := w.keys.Begin(t.Context(), request()); before == nil || before.Status != 409 {
		t.Errorf("%v, %v, want the 409", before, err)
	}
}

// Whoever comes to his end after his lease, when somebody else has the key or had it, has no effect.
func testLateIsFenced(t *testing.T, w *world) {
	for name, c := range map[string]struct {
		meanwhile func(r idempotency.Request)
		effects   int64 // of others
	}{
		"somebody else is done":  {func(r idempotency.Request) { w.run(w.begin(r), w.does("other", created())) }, 1},
		"somebody else is at it": {func(r idempotency.Request) { w.begin(r) }, 0},
		"somebody else has failed": {func(r idempotency.Request) {
			w.run(w.begin(r), func(context.Context) idempotency.Answer { return idempotency.Answer{Status: 500} })
		}, 0},
		"the key was taken away": {func(idempotency.Request) { sweep(t, w) }, 0},
	} {
		for _, status := range []int{201, 409, 429} {
			r := request()
			r.Key = fmt.Sprint(strings.ReplaceAll(name, " ", "-"), status)
			late := w.begin(r)
			w.expire()
			c.meanwhile(r)
			err := late.Run(t.Context(), w.does("late", idempotency.Answer{Status: status}))
			if !errors.Is(err, idempotency.ErrInFlight) {
				t.Errorf("%s, answer %d: %v, want ErrInFlight", name, status, err)
			}
			w.wantEffects(c.effects)
			w.exec("DELETE FROM test_effects")
		}
	}
	// Nobody was there meanwhile: what is late is still the only one.
	late := w.begin(request())
	w.expire()
	w.run(late, w.does("late", created()))
	w.wantEffects(1)
	if _, before, err := w.keys.Begin(t.Context(), request()); before == nil {
		t.Errorf("%v, want the answer", err)
	}
}

func sweep(t *testing.T, w *world) int64 {
	t.Helper()
	n, err := w.keys.Sweep(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// An answer that is too large is not kept, nor is the work done twice.
func testLargeAnswer(t *testing.T, w *world) {
	for i, a := range []idempotency.Answer{{Status: 200, Body: bytes.Repeat([]byte("x"), idempotency.MaxBody+1)}, {Status: 200, Unrepeatable: true}} {
		r := request()
		r.Key = fmt.Sprint("large-", i)
		w.run(w.begin(r), w.does(r.Key, a))
		w.wantRefused(r, idempotency.ErrGone)
	}
	w.wantEffects(2)
	largest := idempotency.Answer{Status: 200, Body: bytes.Repeat([]byte("x"), idempotency.MaxBody)}
	w.run(w.begin(request()), w.does("largest", largest))
	if _, before, err := w.keys.Begin(t.Context(), request()); err != nil || !bytes.Equal(before.Body, largest.Body) {
		t.Errorf("the largest answer: %v", err)
	}
}

// Time passes: answers go, what is kept stays. Small transactions do it.
func testSweep(t *testing.T, w *world) {
	const old = 1201 // two batches and a bit
	insert := "INSERT INTO platform_idempotency_keys (scope, request, token, expires_at) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT 'old-' || i, 'r', 't', '2020-01-01 00:00:00.000' FROM n"
	w.exec(fmt.Sprintf(insert, old))
	w.run(w.begin(request()), w.does("one", created()))
	if n := sweep(t, w); n != old {
		t.Errorf("%d keys were taken away, want %d", n, old)
	}
	if _, before, err := w.keys.Begin(t.Context(), request()); before == nil {
		t.Errorf("an answer that is kept: %v", err)
	}
	w.expire() // its day is over
	w.run(w.begin(request()), w.does("again", created()))
	w.wantEffects(2)
}

// Who reads the table learns neither what was asked nor what was answered, and who writes to it cannot give somebody another one's answer.
func testNoSecretInTheTable(t *testing.T, w *world) {
	r := request()
	r.Sum = sum("password")
	answer := created()
	answer.Body = []byte("token-shown-once")
	w.run(w.begin(r), w.does("one", answer))
	var row struct{ Scope, Request, Answer []byte }
	if err := w.db.Platform().Query(t.Context(), db.Global).Raw("SELECT scope, request, answer FROM platform_idempotency_keys").Scan(&row).Error; err != nil {
		t.Fatal(err)
	}
	for _, secret := range [][]byte{answer.Body, []byte("/orders/1"), r.Sum[:], []byte(r.Key), []byte(r.Caller.Subject)} {
		if bytes.Contains(bytes.Join([][]byte{row.Scope, row.Request, row.Answer}, nil), secret) {
			t.Errorf("the table holds %q", secret)
		}
	}
	other := request()
	other.Caller.Subject = "bob"
	w.run(w.begin(other), w.does("two", created()))
	w.exec("UPDATE platform_idempotency_keys SET answer = (SELECT answer FROM platform_idempotency_keys WHERE scope = '" + string(row.Scope) + "')")
	w.wantRefused(idempotency.Request{Caller: other.Caller, Route: other.Route, Key: other.Key, Sum: other.Sum}, idempotency.ErrGone)
}

// A new secret key in front of the old one changes nothing for who repeats a request.
func TestSecretKeyIsChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite", "file:"+t.TempDir()+"/test.db")
	before, after := keyring.NewKey(), keyring.NewKey()
	w.keys = w.over(newRing(t, before), idempotency.Default(), &lifecycle.Lifecycle{})
	w.run(w.begin(request()), w.does("one", created()))
	w.keys = w.over(newRing(t, after+","+before), idempotency.Default(), &lifecycle.Lifecycle{})
	if _, replayed, err := w.keys.Begin(t.Context(), request()); replayed == nil {
		t.Errorf("with a new key: %v, want the answer", err)
	}
	w.keys = w.over(newRing(t, after), idempotency.Default(), &lifecycle.Lifecycle{})
	if attempt, _, err := w.keys.Begin(t.Context(), request()); attempt != nil || err == nil {
		t.Error("without the old key the work is done again")
	}
}

func TestSwitchedOff(t *testing.T) {
	t.Parallel()
	cfg := idempotency.Default()
	cfg.Enabled = false
	if k, err := idempotency.New(cfg, idempotency.Options{}, &lifecycle.Lifecycle{}); k != nil || err != nil {
		t.Errorf("%v, %v, want none", k, err)
	}
}
