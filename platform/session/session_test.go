package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/session"
	"github.com/banyan-go/banyan/platform/session/driver"
	"github.com/banyan-go/banyan/platform/session/memory"
	"github.com/banyan-go/banyan/platform/session/redisstore"
	"github.com/banyan-go/banyan/platform/session/sqlstore"
	"github.com/banyan-go/banyan/platform/telemetry"
)

func drivers() session.Drivers {
	return session.Drivers{"db": sqlstore.Driver{}, "redis": redisstore.Driver{}, "memory": memory.Driver{}}
}

// What cannot work is refused before anything is connected, by the name of its setting.
func TestSettingsThatCannotWork(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		store     string
		instances int
		says      string
	}{
		{"memory", 1, ""},
		{"memory", 2, `session.store "memory" is not allowed with more than one instance`},
		{"redis", 1, `session.store "redis" needs the address of a Redis server in redis.state`},
		{"db", 1, `session.store "db" needs a database`},
		{"cookie", 1, `session.store "cookie" is not compiled in`},
	} {
		cfg := session.Default()
		cfg.Store = c.store
		_, err := session.New(cfg, session.Options{Drivers: drivers(), Instances: c.instances})
		if c.says == "" {
			if err != nil {
				t.Errorf("%s: %v", c.store, err)
			}
			continue
		}
		problems, ok := errors.AsType[config.Problems](err)
		if !ok || len(problems) != 1 || !strings.Contains(problems[0].Key+" "+problems[0].Got, c.says) {
			t.Errorf("%s on %d: %v, want %s", c.store, c.instances, err, c.says)
		}
	}
}

// Times that contradict each other are refused by the key that is wrong.
func TestTimesThatContradict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		set  string
		keys []string
	}{
		{"session.touch=5m", nil},
		{"session.touch=0", nil},
		{"session.ttl=720h", nil},
		{"session.ttl=721h", []string{"session.ttl"}},
		{"session.ttl=0", []string{"session.touch", "session.ttl"}},
		{"session.ttl=5m", []string{"session.touch"}},
		{"session.touch=24h", []string{"session.touch"}},
		{"session.absolute=1h", []string{"session.ttl"}},
		{"session.absolute=10000h", []string{"session.absolute"}},
		{"session.ttl=10", []string{"session.ttl"}},
	} {
		got := wrongKeys(t, c.set)
		if !slices.Equal(got, c.keys) {
			t.Errorf("%s: wrong are %v, want %v", c.set, got, c.keys)
		}
	}
}

func wrongKeys(t *testing.T, set string) (keys []string) {
	t.Helper()
	tree := struct {
		Session session.Config `config:"session"`
	}{session.Default()}
	_, err := config.Load(&tree, config.Options{Set: []string{set}})
	problems, ok := errors.AsType[config.Problems](err)
	if err != nil && !ok {
		t.Fatal(err)
	}
	for _, p := range problems {
		keys = append(keys, p.Key)
	}
	slices.Sort(keys)
	return keys
}

// wantMetric fails unless each of these lines is shown.
func wantMetric(t *testing.T, tel *telemetry.Telemetry, lines ...string) {
	t.Helper()
	w := httptest.NewRecorder()
	tel.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, line := range lines {
		if !strings.Contains(w.Body.String(), line+"\n") {
			t.Errorf("no metric %s in\n%s", line, grep(w.Body.String(), "session_"))
		}
	}
}

func grep(text, begin string) (found string) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, begin) {
			found += line
		}
	}
	return found
}

// open returns sessions over a store, and what counts them.
func open(t *testing.T, store driver.Store) (*session.Sessions, *telemetry.Telemetry) {
	t.Helper()
	tel, err := telemetry.New(telemetry.DefaultConfig(), telemetry.Options{Service: "test", Out: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tel.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	keys, err := keyring.Parse(keyring.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	cfg := session.Default()
	cfg.Store = "given"
	s, err := session.New(cfg, session.Options{Drivers: session.Drivers{"given": given{store}}, Keys: keys, Metrics: tel})
	if err != nil {
		t.Fatal(err)
	}
	return s, tel
}

// given is a driver whose store is there, or is one in memory.
type given struct{ store driver.Store }

func (given) Features() driver.Features { return driver.Features{} }

func (g given) Open(o driver.Options) (driver.Store, error) {
	if g.store != nil {
		return g.store, nil
	}
	return memory.Driver{}.Open(o)
}

// broken is a store whose place is away.
type broken struct{ driver.Store }

var errAway = errors.New("connection refused: 10.0.0.7:6379")

func (broken) Create(context.Context, *driver.Session, driver.ID) (*driver.Session, error) {
	return nil, errAway
}
func (broken) Load(context.Context, driver.ID) (*driver.Session, bool, error) {
	return nil, false, errAway
}
func (broken) Save(context.Context, *driver.Session, driver.ID) (*driver.Session, error) {
	return nil, errAway
}
func (broken) Delete(context.Context, ...driver.ID) (int, error) { return 0, errAway }
func (broken) List(context.Context, string) ([]*driver.Session, error) {
	return nil, errAway
}

// in returns the context of a request.
func in(t *testing.T) (context.Context, *session.Slot) {
	slot := &session.Slot{}
	return context.WithValue(t.Context(), session.SlotKey{}, slot), slot
}

// A store that is away is an error for operators, and 503 for everybody else: nobody is taken for somebody, and no cookie is taken away.
func TestStoreThatIsAway(t *testing.T) {
	t.Parallel()
	s, tel := open(t, broken{})
	ctx, slot := in(t)
	const cookie = "__Host-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	_, begin := s.Begin(ctx, session.SignIn{User: "ada"})
	_, list := s.List(ctx, "ada")
	_, all := s.RevokeAll(ctx, "ada")
	for what, err := range map[string]error{
		"enter": s.Enter(ctx, slot, []byte(cookie)), "begin": begin, "list": list, "revoke all": all, "revoke": s.Revoke(ctx, "ada", "x"),
	} {
		e, ok := errors.AsType[*fault.Error](err)
		if !ok || e.Kind != fault.Unavailable || e.RetryAfter == 0 || !errors.Is(err, errAway) || strings.Contains(e.Detail, "10.0.0.7") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if set := s.AppendCookie(nil, slot); len(set) != 0 || slot.Session() != nil {
		t.Errorf("Set-Cookie: %s, session %+v", set, slot.Session())
	}
	wantMetric(t, tel, `session_loads_total{result="failed",store="given"} 1`, `session_errors_total{store="given"} 4`)
}

// Operators see how many sessions begin, are found and end.
func TestMetrics(t *testing.T) {
	t.Parallel()
	s, tel := open(t, nil)
	ctx, slot := in(t)
	if _, err := s.Begin(ctx, session.SignIn{User: "ada"}); err != nil {
		t.Fatal(err)
	}
	cookie, _, _ := strings.Cut(string(s.AppendCookie(nil, slot)), ";")
	_, token, _ := strings.Cut(cookie, "=")
	for _, token := range []string{token, token, "malformed", strings.Repeat("A", 43)} {
		if _, err := s.Load(t.Context(), []byte(token)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.End(ctx); err != nil {
		t.Fatal(err)
	}
	wantMetric(t, tel, `session_begun_total{store="given"} 1`, `session_ended_total{store="given"} 1`, `session_loads_total{result="found",store="given"} 2`,
		`session_loads_total{result="malformed",store="given"} 1`, `session_loads_total{result="missed",store="given"} 1`)
}

// What is in a store does not let anybody in: neither the token stands there, nor can the cookie be made of the id.
func TestStoresKnowNoToken(t *testing.T) {
	t.Parallel()
	s, _ := open(t, nil)
	ctx, slot := in(t)
	sess, err := s.Begin(ctx, session.SignIn{User: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	cookie, _, _ := strings.Cut(string(s.AppendCookie(nil, slot)), ";")
	_, token, _ := strings.Cut(cookie, "=")
	text, err := driver.Encode(sess)
	if err != nil {
		t.Fatal(err)
	}
	if all := fmt.Sprintf("%+v %s", *sess, text); strings.Contains(all, token) {
		t.Errorf("%s holds the token", all)
	}
}

// Only what Encode has written is a session.
func FuzzDecode(f *testing.F) {
	id := driver.IDOf([]byte("a token"))
	whole, err := driver.Encode(&driver.Session{ID: id, User: "ada", Body: driver.Body{Roles: []string{"a"}, Values: map[string]json.RawMessage{"v": []byte("[1]")}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte(strings.Replace(string(whole), `"v":1`, `"v":2`, 1)))
	f.Fuzz(func(t *testing.T, text []byte) {
		sess, err := driver.Decode(text, id)
		if err != nil {
			if !errors.Is(err, driver.ErrCorrupt) || sess != nil {
				t.Fatalf("%v, %v", sess, err)
			}
			return
		}
		again, err := driver.Encode(sess)
		if err != nil {
			return // longer in its own form
		}
		if once, err := driver.Decode(again, id); err != nil || sess.User == "" || !reflect.DeepEqual(once.Roles, sess.Roles) {
			t.Fatalf("%+v, then %+v, %v", sess, once, err)
		}
	})
}

// A look at a session in memory is a part of every request: it takes no memory of its own.
func TestLoadDoesNotAllocate(t *testing.T) {
	s, _ := open(t, nil)
	ctx, slot := in(t)
	if _, err := s.Begin(ctx, session.SignIn{User: "ada"}); err != nil {
		t.Fatal(err)
	}
	cookie, _, _ := strings.Cut(string(s.AppendCookie(nil, slot)), ";")
	header := []byte("a=b; " + cookie)
	next := &session.Slot{}
	if n := testing.AllocsPerRun(100, func() {
		next.Reset()
		if err := s.Enter(ctx, next, header); err != nil || next.Session() == nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkEnter(b *testing.B) {
	keys, err := keyring.Parse(keyring.NewKey())
	if err != nil {
		b.Fatal(err)
	}
	cfg := session.Default()
	cfg.Store = "memory"
	s, err := session.New(cfg, session.Options{Drivers: drivers(), Keys: keys})
	if err != nil {
		b.Fatal(err)
	}
	slot := &session.Slot{}
	ctx := context.WithValue(b.Context(), session.SlotKey{}, slot)
	if _, err := s.Begin(ctx, session.SignIn{User: "ada"}); err != nil {
		b.Fatal(err)
	}
	cookie, _, _ := strings.Cut(string(s.AppendCookie(nil, slot)), ";")
	header := []byte(cookie)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		slot := &session.Slot{}
		for pb.Next() {
			slot.Reset()
			if err := s.Enter(ctx, slot, header); err != nil {
				b.Error(err)
			}
		}
	})
}
