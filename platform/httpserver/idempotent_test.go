package httpserver_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/platform"
	"github.com/banyan-go/banyan/platform/db/sqlite"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/idempotency"
	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/lifecycle"
)

// ledger is a resource in a database: orders, which are numbered. Posting "doom" fails in a second transaction, of which nothing is said; "panic"
// panics, and "wait" waits, behind the effect.
type ledger struct {
	h             *db.Handle
	inside, leave chan struct{}
}

type (
	order struct {
		Body struct {
			Name string `json:"name" minLength:"1"`
		}
	}
	orderPlaced struct {
		Location string   `header:"Location"`
		ETag     api.ETag `header:"ETag"`
		Cookie   string   `header:"Set-Cookie"`
		Body     struct {
			Number int64 `json:"number"`
		}
	}
)

func (l *ledger) place(ctx context.Context, in *order) (*orderPlaced, error) {
	out := &orderPlaced{ETag: api.Version(1), Cookie: "session=ada"}
	err := l.h.Tx(ctx, db.Global, func(ctx context.Context) error {
		q := l.h.Query(ctx, db.Global)
		return errors.Join(q.Exec("INSERT INTO test_orders (name) VALUES (?)", in.Body.Name).Error, q.Raw("SELECT count(*) FROM test_orders").Scan(&out.Body.Number).Error)
	})
	switch in.Body.Name {
	case "doom":
		_ = l.h.Tx(ctx, db.Global, func(context.Context) error { return errors.New("mine") })
	case "panic":
		panic("mine")
	case "wait":
		close(l.inside)
		<-l.leave
	case "taken":
		return nil, fault.New(fault.Conflict, "taken", "It is taken.")
	}
	out.Location = fmt.Sprint("/orders/", out.Body.Number)
	return out, err
}

func (l *ledger) placed(t *testing.T) (n int64) {
	t.Helper()
	if err := l.h.Query(t.Context(), db.Global).Raw("SELECT count(*) FROM test_orders").Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

// keeping returns a change that adds keys, with operations on the ledger.
func keeping(t *testing.T) (*ledger, func(*setup)) {
	t.Helper()
	cfg := db.Default()
	cfg.Driver, cfg.DSN = "sqlite", "file:"+t.TempDir()+"/test.db"
	var lc lifecycle.Lifecycle
	d, err := db.New(cfg, db.Drivers{"sqlite": sqlite.Driver{}}, &lc, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keyring.Parse(keyring.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := idempotency.New(idempotency.Default(), idempotency.Options{DB: d, Ring: ring, Log: slog.New(slog.DiscardHandler)}, &lc)
	if err != nil {
		t.Fatal(err)
	}
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lc.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	m, err := d.Migrator([]db.Migrations{platform.Migrations()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	l := &ledger{h: d.Platform(), inside: make(chan struct{}), leave: make(chan struct{})}
	if err := l.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		return l.h.Query(ctx, db.Global).Exec("CREATE TABLE test_orders (name TEXT NOT NULL)").Error
	}); err != nil {
		t.Fatal(err)
	}
	open := api.PublicWrite("it is a test")
	return l, func(su *setup) {
		su.opts.Idempotency = keys
		su.routes = append(su.routes,
			api.Post("/orders", l.place, api.Op{ID: "placeOrder", Summary: "Place an order", Auth: open}),
			api.Put("/orders", l.place, api.Op{ID: "putOrder", Summary: "Put an order", Auth: open}),
			api.Raw(http.MethodPost, "/raw-orders", func(c *fiber.Ctx) error {
				_, err := l.place(c.UserContext(), &order{})
				return err
			}, api.Op{ID: "rawOrder", Summary: "Place an order", Auth: open}),
		)
	}
}

const orders = "/api/v1/test/orders"

// placing is a POST of an order with the nth of our keys.
func placing(name string, n int, headers ...string) string {
	return jsonRequest("POST", orders, `{"name":"`+name+`"}`, append(headers, key(n))...)
}

func key(n int) string { return fmt.Sprintf("Idempotency-Key: 8e03978e-40d5-43dd-bc93-%012d", n) }

// The second request with a key gets what the first one got, but for cookies, and a mark.
func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	l, keyed := keeping(t)
	s := start(t, keyed)
	first, second := s.do(placing("book", 1)), s.do(placing("book", 1))
	if first.StatusCode != 201 || string(first.body) != `{"number":1}` || first.Header.Get("Set-Cookie") == "" || first.Header.Get("Idempotency-Replayed") != "" {
		t.Errorf("first: %s %v %s", first.Status, first.Header, first.body)
	}
	if second.StatusCode != 201 || string(second.body) != string(first.body) || second.Header.Get("Set-Cookie") != "" || second.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("second: %s %v %s", second.Status, second.Header, second.body)
	}
	for _, name := range []string{"Location", "ETag", "Content-Type", "Cache-Control"} {
		if was, is := first.Header.Get(name), second.Header.Get(name); was == "" || is != was {
			t.Errorf("%s was %q and is %q", name, was, is)
		}
	}
	if n := l.placed(t); n != 1 {
		t.Errorf("%d orders, want 1", n)
	}
	refused := s.do(placing("", 2))
	if again := s.do(placing("", 2)); refused.StatusCode != 422 || again.StatusCode != 422 || string(again.body) != string(refused.body) || again.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("a refusal was %s %s and is %s %s", refused.Status, refused.body, again.Status, again.body)
	}
}

// Nothing but a POST to an operation heeds a key.
func TestNoIdempotencyKey(t *testing.T) {
	t.Parallel()
	l, keyed := keeping(t)
	s := start(t, keyed)
	for i, text := range []string{
		jsonRequest("POST", orders, `{"name":"book"}`),
		jsonRequest("PUT", orders, `{"name":"book"}`, key(1)),
		request("POST", "/api/v1/test/raw-orders", "", key(1), "Content-Length: 0"),
		jsonRequest("GET", "/api/v1/test/things", "", key(1), key(1)),
	} {
		first, second := s.do(text), s.do(text)
		if first.StatusCode >= 300 || second.StatusCode != first.StatusCode || second.Header.Get("Idempotency-Replayed") != "" {
			t.Errorf("request %d: %s, %s", i, first.Status, second.Status)
		}
	}
	if n := l.placed(t); n != 6 {
		t.Errorf("%d orders, want 6", n)
	}
	off := start(t, keyed, func(su *setup) { su.opts.Idempotency = nil })
	for range 2 {
		off.do(placing("book", 1))
	}
	if n := l.placed(t); n != 8 {
		t.Errorf("where no keys are heeded: %d orders, want 8", n)
	}
}

func TestIdempotencyKeyIsRefused(t *testing.T) {
	t.Parallel()
	l, keyed := keeping(t)
	s := start(t, keyed)
	s.do(placing("book", 1))
	for _, c := range []struct {
		text   string
		status int
		code   string
	}{
		{placing("another", 1), 422, "idempotency_key_reused"},
		{jsonRequest("POST", orders+"?x=1", `{"name":"book"}`, key(1)), 422, "idempotency_key_reused"},
		{placing("book", 1, key(1)), 400, "idempotency_key_malformed"},
		{jsonRequest("POST", orders, `{"name":"book"}`, "Idempotency-Key:"), 400, "idempotency_key_malformed"},
		{jsonRequest("POST", orders, `{"name":"book"}`, "Idempotency-Key: "+strings.Repeat("k", 256)), 400, "idempotency_key_malformed"},
		{jsonRequest("POST", orders, `{"name":""}`, "Idempotency-Key: "+strings.Repeat("k", 255)), 422, "invalid"},
		{jsonRequest("POST", orders, `{"name":"book"}`, "Idempotency-Key: 1"), 400, "idempotency_key_guessable"},
	} {
		a := s.do(c.text)
		if p := a.problem(t); a.StatusCode != c.status || p.Code != c.code {
			t.Errorf("%q: %d %s, want %d %s", c.text, a.StatusCode, p.Code, c.status, c.code)
		}
	}
	if n := l.placed(t); n != 1 {
		t.Errorf("%d orders, want 1", n)
	}
}

// Of those who are not signed in, nobody gets what somebody else was answered.
func TestIdempotencyKeyOfSomebodyElse(t *testing.T) {
	t.Parallel()
	l, keyed := keeping(t)
	s := start(t, keyed, proxies("127.0.0.1/32"))
	for i, from := range []string{"192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"} {
		a := s.do(placing("book", 1, "X-Forwarded-For: "+from))
		if want := fmt.Sprintf(`{"number":%d}`, i+1); a.Header.Get("Idempotency-Replayed") != "" || string(a.body) != want {
			t.Errorf("%s: %s, replayed %q, want %s", from, a.body, a.Header.Get("Idempotency-Replayed"), want)
		}
	}
	if n := l.placed(t); n != 4 {
		t.Errorf("%d orders, want 4", n)
	}
}

// What an operation has answered is not sent when it does not hold.
func TestIdempotencyKeyAndFailure(t *testing.T) {
	t.Parallel()
	l, keyed := keeping(t)
	s := start(t, keyed)
	for _, name := range []string{"doom", "panic"} {
		for range 2 { // which is not kept
			a := s.do(placing(name, 1))
			if p := a.problem(t); a.StatusCode != 500 || p.Code != "internal" || a.Header.Get("Location")+a.Header.Get("Set-Cookie")+a.Header.Get("Idempotency-Replayed") != "" {
				t.Errorf("%s: %s %v %s", name, a.Status, a.Header, a.body)
			}
		}
	}
	if n := l.placed(t); n != 0 {
		t.Errorf("%d orders, want none", n)
	}
	if a := s.do(placing("book", 1)); a.StatusCode != 201 {
		t.Errorf("with the key that is free again: %s %s", a.Status, a.body)
	}
	// A refusal behind an effect is an answer, and the effect stays, as without a key.
	for _, replayed := range []string{"", "true"} {
		if a := s.do(placing("taken", 2)); a.StatusCode != 409 || !strings.Contains(string(a.body), `"taken"`) || a.Header.Get("Idempotency-Replayed") != replayed {
			t.Errorf("a refusal: %s %s", a.Status, a.body)
		}
	}
	if n := l.placed(t); n != 2 {
		t.Errorf("%d orders, want 2", n)
	}
}

func TestIdempotencyKeyInFlight(t *testing.T) {
	t.Parallel()
	l, keyed := keeping(t)
	s := start(t, keyed)
	c := s.dial()
	c.send(placing("wait", 1))
	<-l.inside
	a := s.do(placing("wait", 1))
	if p := a.problem(t); a.StatusCode != 409 || p.Code != "idempotency_in_flight" || a.Header.Get("Retry-After") != "1" {
		t.Errorf("while it runs: %s, Retry-After %q, %s", a.Status, a.Header.Get("Retry-After"), a.body)
	}
	close(l.leave)
	if first := c.answer("POST"); first.StatusCode != 201 {
		t.Errorf("the first: %s %s", first.Status, first.body)
	}
	if n := l.placed(t); n != 1 {
		t.Errorf("%d orders, want 1", n)
	}
}

// Who is signed in has keys of his own, until he is not any more; and no repetition signs anybody in.
func TestIdempotencyKeyOfASession(t *testing.T) {
	t.Parallel()
	l, keyed := keeping(t)
	d := &doors{}
	op := func(id string, auth api.Auth, allow api.Policy) api.Op {
		return api.Op{ID: id, Summary: "Test the gate", Auth: auth, Allow: allow}
	}
	s := guarded(t, d, keyed, with(
		api.Post("/my/orders", l.place, op("myOrder", api.Session, api.SignedIn())),
		api.Post("/sign-in/fail", func(ctx context.Context, in *signIn) (*whoAmI, error) {
			_, err := d.signIn(ctx, in)
			return nil, errors.Join(errors.New("mine"), err)
		}, op("failToSignIn", api.PublicWrite("it is a test"), api.Policy{})),
	))
	ada, bob := s.signIn("ada", "user"), s.signIn("bob", "user")
	mine := func(v visit) answer {
		return s.do(jsonRequest("POST", "/api/v1/test/my/orders", `{"name":"book"}`, v.cookie, v.csrf, "Idempotency-Key: 1"))
	}
	for i, c := range []struct {
		who      visit
		body     string
		replayed string
	}{
		{ada, `{"number":1}`, ""},
		{bob, `{"number":2}`, ""},
		{ada, `{"number":1}`, "true"},
		{bob, `{"number":2}`, "true"},
		{s.signIn("ada", "user"), `{"number":1}`, "true"}, // on another device
	} {
		if a := mine(c.who); a.StatusCode != 201 || string(a.body) != c.body || a.Header.Get("Idempotency-Replayed") != c.replayed || a.Header.Get("Cache-Control") != "private, no-store" {
			t.Errorf("request %d: %s %v %s, want %s, replayed %q", i, a.Status, a.Header, a.body, c.body, c.replayed)
		}
	}
	s.do(request("POST", "/api/v1/test/sign-out", "", ada.cookie, ada.csrf, "Content-Length: 0"))
	if a := mine(ada); a.StatusCode != 401 || a.Header.Get("Idempotency-Replayed") != "" {
		t.Errorf("after she has signed out: %s %s", a.Status, a.body)
	}

	// Whose session has ended repeats what everybody may.
	for i, replayed := range []string{"", "true"} {
		a := s.do(placing("book", 9, ada.cookie))
		if a.StatusCode != 201 || a.Header.Get("Idempotency-Replayed") != replayed || !strings.Contains(strings.Join(a.Header.Values("Set-Cookie"), " "), "Max-Age=0") {
			t.Errorf("with a session that has ended, %d: %s %v %s", i, a.Status, a.Header, a.body)
		}
	}

	for i, want := range []int{201, 409} {
		a := s.do(jsonRequest("POST", "/api/v1/test/sign-in", `{"user":"ada"}`, key(1)))
		if a.StatusCode != want || (a.Header.Get("Set-Cookie") != "") != (want == 201) {
			t.Errorf("signing in, %d: %s %v %s", i, a.Status, a.Header, a.body)
		}
	}
	if a := s.do(jsonRequest("POST", "/api/v1/test/sign-in/fail", `{"user":"ada"}`, key(2))); a.StatusCode != 500 || a.Header.Get("Set-Cookie") != "" {
		t.Errorf("signing in, which is undone: %s %v", a.Status, a.Header)
	}
}

// testKeptAnswer is for the table of limits.
func testKeptAnswer(t *testing.T) {
	t.Parallel()
	_, keyed := keeping(t)
	type size struct {
		Body struct {
			Bytes int `json:"bytes"`
		}
	}
	type text struct{ Body string }
	s := start(t, keyed, with(api.Post("/text", func(_ context.Context, in *size) (*text, error) {
		return &text{strings.Repeat("x", in.Body.Bytes-len(`""`))}, nil
	}, api.Op{ID: "text", Summary: "Answer with a text", Auth: api.PublicWrite("it is a test")})))
	for i, c := range []struct{ size, again int }{{idempotency.MaxBody, 201}, {idempotency.MaxBody + 1, 409}} {
		ask := jsonRequest("POST", "/api/v1/test/text", fmt.Sprintf(`{"bytes":%d}`, c.size), key(i))
		if a := s.do(ask); a.StatusCode != 201 || len(a.body) != c.size {
			t.Errorf("%d bytes: %s, %d bytes", c.size, a.Status, len(a.body))
		}
		if a := s.do(ask); a.StatusCode != c.again || c.again == 409 && a.problem(t).Code != "idempotency_answer_gone" {
			t.Errorf("%d bytes, again: %s", c.size, a.Status)
		}
	}
}
