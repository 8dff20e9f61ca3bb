package gocachestore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eko/gocache/lib/v4/store"

	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/cache/cachetest"
	"github.com/banyan-go/banyan/platform/cache/driver"
	"github.com/banyan-go/banyan/platform/cache/gocachestore"
	"github.com/banyan-go/banyan/platform/leaktest"
	"github.com/banyan-go/banyan/platform/lifecycle"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var errAway = errors.New("the server is away")

// memory is a store of gocache that takes as little as any of its stores does: the keys of Memcached, whole seconds, values of one type.
type memory struct {
	bytes bool // it takes []byte, else strings

	mu     sync.Mutex
	values map[string]any
	ends   map[string]time.Time
	away   bool
	full   bool             // it takes nothing
	before func(key string) // called once, before the next Set
}

func newMemory(bytes bool) *memory {
	return &memory{bytes: bytes, values: map[string]any{}, ends: map[string]time.Time{}}
}

func (m *memory) Get(ctx context.Context, key any) (any, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.values[key.(string)]
	switch {
	case m.away:
		return nil, errAway
	case !ok || time.Now().After(m.ends[key.(string)]):
		return nil, store.NotFoundWithCause(errors.New("a miss"))
	default:
		return value, nil
	}
}

func (m *memory) Set(_ context.Context, key any, value any, options ...store.Option) error {
	o, k := store.ApplyOptions(options...), key.(string)
	m.mu.Lock()
	before := m.before
	if m.before = nil; before != nil {
		m.mu.Unlock()
		before(k)
		m.mu.Lock()
	}
	defer m.mu.Unlock()
	if _, ok := value.([]byte); ok != m.bytes {
		panic(fmt.Sprintf("a value of type %T", value)) // as the type assertions of some do
	}
	switch {
	case m.away:
		return errAway
	case m.full:
		return fmt.Errorf("an error has occurred while setting value '%v'", value)
	case len(k) > 250 || strings.ContainsFunc(k, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fmt.Errorf("the key %q", k)
	case o.Expiration < time.Second || o.Expiration > 30*24*time.Hour:
		return fmt.Errorf("an expiration of %s", o.Expiration)
	}
	m.values[k], m.ends[k] = value, time.Now().Add(o.Expiration)
	return nil
}

func (m *memory) GetWithTTL(context.Context, any) (any, time.Duration, error) {
	panic("what it says differs from store to store")
}
func (m *memory) Delete(context.Context, any) error { panic("an error in some when nothing is there") }
func (m *memory) Invalidate(context.Context, ...store.InvalidateOption) error {
	panic("tags of a store lose keys")
}
func (m *memory) Clear(context.Context) error { panic("it would empty the server") }
func (m *memory) GetType() string             { return "memory" }

// change calls fn with what is stored under keys that begin so.
func (m *memory) change(prefix string, fn func(key string, value any)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, value := range m.values {
		if strings.HasPrefix(key, prefix) {
			fn(key, value)
		}
	}
}

func (m *memory) goAway(away bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = away
}

func over(m *memory) gocachestore.Driver {
	return gocachestore.Driver{Store: func() (store.StoreInterface, error) { return m, nil }, Bytes: m.bytes, Prefix: "test:"}
}

func TestSuite(t *testing.T) {
	t.Parallel()
	for name, bytes := range map[string]bool{"strings": false, "bytes": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cachetest.Run(t, func(*testing.T) cachetest.Place { return cachetest.Place{Driver: over(newMemory(bytes))} })
		})
	}
}

// opened returns a store over m with one value, and the question for it.
func opened(t *testing.T, m *memory) (driver.Store, driver.Query) {
	t.Helper()
	s, err := over(m).Open(driver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	q := driver.Query{Name: "a.b:1", Marks: []string{"@a.b", "#x"}, Lasts: time.Hour}
	a, err := s.Acquire(t.Context(), q, "", false)
	if err != nil || !a.Leased {
		t.Fatalf("Acquire: %+v, %v", a, err)
	}
	if kept, err := s.Fill(t.Context(), q, "", a.Under, driver.Value{Payload: []byte("secret"), Left: time.Minute}, time.Minute); !kept || err != nil {
		t.Fatalf("Fill: %t, %v", kept, err)
	}
	if a, err = s.Read(t.Context(), q); a.Value == nil || err != nil {
		t.Fatalf("Read: %+v, %v", a, err)
	}
	return s, q
}

// Whichever version a server evicts, the values that hang on it are misses, and can be stored anew.
func TestALostVersionIsAMiss(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"test:cache:m:*", "test:cache:m:@a.b", "test:cache:m:#x", "test:cache:k:a.b:1"} {
		for what, put := range map[string]func(m *memory, key string){
			"gone":      func(m *memory, key string) { delete(m.values, key) },
			"something": func(m *memory, key string) { m.values[key] = 1 },
			"two lines": func(m *memory, key string) { m.values[key] = "a\nb" },
		} {
			m, lost := newMemory(false), 0
			s, q := opened(t, m)
			m.change(key, func(key string, _ any) { lost++; put(m, key) })
			if a, err := s.Read(t.Context(), q); a.Value != nil || err != nil || lost != 1 {
				t.Errorf("%s %s: Read: %+v, %v", key, what, a, err)
			}
			a, err := s.Acquire(t.Context(), q, "", false)
			if err != nil || a.Value != nil || !a.Leased {
				t.Fatalf("%s %s: Acquire: %+v, %v", key, what, a, err)
			}
			if kept, err := s.Fill(t.Context(), q, "", a.Under, driver.Value{Left: time.Minute}, time.Minute); !kept || err != nil {
				t.Errorf("%s %s: Fill: %t, %v", key, what, kept, err)
			}
			if a, err := s.Read(t.Context(), q); a.Value == nil || err != nil {
				t.Errorf("%s %s: Read after Fill: %+v, %v", key, what, a, err)
			}
		}
	}
}

func TestADamagedValueIsNone(t *testing.T) {
	t.Parallel()
	for _, junk := range []any{"", "BC1 ", 7, []byte("BC1 x\n")} {
		m := newMemory(false)
		s, q := opened(t, m)
		m.change("test:cache:v:", func(key string, _ any) { m.values[key] = junk })
		if a, err := s.Read(t.Context(), q); a.Value != nil || !a.Damaged || err != nil {
			t.Errorf("%q: %+v, %v", junk, a, err)
		}
	}
}

// A server that is away is no miss: the database would be asked for everything, and an invalidation would be taken for done.
func TestAnErrorIsNoMiss(t *testing.T) {
	t.Parallel()
	m := newMemory(true)
	s, q := opened(t, m)
	a, err := s.Acquire(t.Context(), q, "", true)
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		away bool
		want error
	}{
		"away":  {t.Context(), true, errAway},
		"ended": {ended, false, context.Canceled}, // also for a store that does not look at it
	} {
		m.goAway(c.away)
		_, read := s.Read(c.ctx, q)
		_, acquire := s.Acquire(c.ctx, q, "", true)
		_, fill := s.Fill(c.ctx, q, "", a.Under, driver.Value{Payload: []byte("secret"), Left: time.Minute}, time.Minute)
		for call, err := range map[string]error{"Read": read, "Acquire": acquire, "Fill": fill, "Invalidate": s.Invalidate(c.ctx, driver.Names{Keys: []string{q.Name}}, 0)} {
			if !errors.Is(err, c.want) {
				t.Errorf("%s: %s: %v, want %v", name, call, err, c.want)
			}
		}
	}
}

// What was read before an invalidation is not read after it, also where that comes in the middle of a Fill, or of an Acquire that makes versions.
func TestInvalidatedInTheMiddle(t *testing.T) {
	t.Parallel()
	for name, n := range map[string]driver.Names{"key": {Keys: []string{"a.b:1"}}, "tag": {Marks: []string{"#x"}}, "everything": {Everything: true}} {
		m := newMemory(false)
		s, q := opened(t, m)
		meanwhile := func(string) {
			if err := s.Invalidate(t.Context(), n, 7); err != nil {
				t.Error(err)
			}
		}
		meanwhile("") // that another one is at the same position makes no difference
		a, err := s.Acquire(t.Context(), q, "", true)
		if err != nil {
			t.Fatal(err)
		}
		m.before = meanwhile
		if _, err := s.Fill(t.Context(), q, "", a.Under, driver.Value{Payload: []byte("old"), Left: time.Minute}, time.Minute); err != nil {
			t.Fatal(err)
		}
		if a, err := s.Read(t.Context(), q); a.Value != nil || err != nil {
			t.Errorf("%s: what was read before is there: %+v, %v", name, a, err)
		}

		m.change("test:cache:m:", func(key string, _ any) { delete(m.values, key) })
		m.before = meanwhile
		if a, err = s.Acquire(t.Context(), q, "", true); err != nil {
			t.Fatal(err)
		}
		for range 2 { // where the versions have changed once more, whoever asks again gets there
			if _, err = s.Fill(t.Context(), q, "", a.Under, driver.Value{Payload: []byte("new"), Left: time.Minute}, time.Minute); err != nil {
				t.Fatal(err)
			}
			if a, err = s.Acquire(t.Context(), q, "", false); err != nil {
				t.Fatal(err)
			}
		}
		if a.Value == nil || string(a.Value.Payload) != "new" {
			t.Errorf("%s: what was read afterwards is not there: %+v", name, a)
		}
	}
}

// Some stores repeat in their errors what they have not taken. It may be anything, and errors go into logs.
func TestNoValueInAnError(t *testing.T) {
	t.Parallel()
	for _, bytes := range []bool{false, true} {
		m := newMemory(bytes)
		s, q := opened(t, m)
		a, err := s.Acquire(t.Context(), q, "", true)
		if err != nil {
			t.Fatal(err)
		}
		m.full = true
		_, err = s.Fill(t.Context(), q, "", a.Under, driver.Value{Payload: []byte("secret"), Left: time.Minute}, time.Minute)
		if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), fmt.Sprint([]byte("secret"))[1:20]) {
			t.Errorf("Fill: %v", err)
		}
	}
}

func TestWhatIsTooLargeForThePlace(t *testing.T) {
	t.Parallel()
	d := over(newMemory(false))
	d.Largest = 1000
	s, err := d.Open(driver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	q := driver.Query{Name: "a.b:1", Lasts: time.Hour}
	for size, want := range map[int]bool{500: true, 1000: false} {
		a, err := s.Acquire(t.Context(), q, "", true)
		if err != nil {
			t.Fatal(err)
		}
		if kept, err := s.Fill(t.Context(), q, "", a.Under, driver.Value{Payload: make([]byte, size), Left: time.Minute}, time.Minute); kept != want || err != nil {
			t.Errorf("%d bytes: %t, %v, want %t", size, kept, err, want)
		}
	}
}

func TestWithoutAStore(t *testing.T) {
	t.Parallel()
	if _, err := (gocachestore.Driver{}).Open(driver.Options{}); err == nil {
		t.Error("a driver without a store")
	}
	d := gocachestore.Driver{Store: func() (store.StoreInterface, error) { return nil, errAway }}
	if _, err := d.Open(driver.Options{}); !errors.Is(err, errAway) {
		t.Errorf("%v, want the error of the store", err)
	}
}

// process returns a cache of one of two processes over m.
func process(t *testing.T, m *memory) *cache.Cache {
	t.Helper()
	cfg := cache.Default()
	cfg.L2.Driver, cfg.Early = "memory", 0
	return started(t, cfg, cache.Options{Drivers: cache.Drivers{"memory": over(m)}, Instances: 2})
}

func started(t *testing.T, cfg cache.Config, o cache.Options) *cache.Cache {
	t.Helper()
	var lc lifecycle.Lifecycle
	c, err := cache.New(cfg, o, &lc)
	if err != nil {
		t.Fatal(err)
	}
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lc.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return c
}
