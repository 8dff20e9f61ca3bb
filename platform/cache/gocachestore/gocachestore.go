package gocachestore

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/eko/gocache/lib/v4/store"

	"github.com/banyan-go/banyan/platform/cache/driver"
)

// Driver makes the stores.
type Driver struct {
	// Store returns the store of gocache, without I/O. Whoever makes it also closes it. The package says which stores are fit.
	Store func() (store.StoreInterface, error)
	// Bytes says that the store takes []byte and no string, as those over memcache and freecache do. That over rueidis takes strings alone.
	Bytes bool
	// Largest is the most bytes of one value, with everything around it; 0, and what is beyond that, for driver.MaxValue. Memcached takes a little less than 1 MiB.
	Largest int
	// Prefix stands before every key.
	Prefix string
}

var _ driver.Driver = Driver{}

// Features says that every process loads for itself, and hears nothing of the others.
func (Driver) Features() driver.Features { return driver.Features{} }

// Open returns a store.
func (d Driver) Open(driver.Options) (driver.Store, error) {
	if d.Store == nil {
		return nil, errors.New("needs a store of gocache: gocachestore.Driver{Store: ...} in drivers.go")
	}
	s, err := d.Store()
	if err != nil {
		return nil, err
	}
	if d.Largest <= 0 {
		d.Largest = driver.MaxValue
	}
	return &shared{gocache: s, bytes: d.Bytes, largest: d.Largest, prefix: d.Prefix + "cache:"}, nil
}

type shared struct {
	gocache store.StoreInterface
	bytes   bool
	largest int
	prefix  string
	raising sync.Mutex // a floor is read and written again
}

const (
	// markTime is how long a version of a mark lasts, and keyTime one of a key. They are never made to last longer: that would have to write one that somebody may just have
	// changed. Memcached takes what is longer than markTime for a date.
	markTime = 30 * 24 * time.Hour
	keyTime  = 24 * time.Hour
)

// longName is the longest name that is a key as it is: Memcached has 250 bytes, and takes no spaces.
const longName = 150

// key returns the key of a kind for a name. Any other name is hashed; that it is the right one is seen in the value.
func (s *shared) key(kind, name string) string {
	if len(name) > longName || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
		sum := sha256.Sum256([]byte(name))
		name = "~" + hex.EncodeToString(sum[:]) // no name begins with that
	}
	return s.prefix + kind + ":" + name
}

// version is where a version stands, and for how long.
type version struct {
	key   string
	lasts time.Duration
}

func (s *shared) mark(name string) version { return version{s.key("m", name), markTime} }
func (s *shared) self(name string) version { return version{s.key("k", name), keyTime} }
func (s *shared) epoch() version           { return s.mark("*") }

// versions are those that a value hangs on.
func (s *shared) versions(q driver.Query) []version {
	vs := make([]version, 0, len(q.Marks)+2)
	vs = append(vs, s.epoch(), s.self(q.Name))
	for _, m := range q.Marks {
		vs = append(vs, s.mark(m))
	}
	return vs
}

// get returns what stands under a key. Every error of the store but store.NotFound is one.
func (s *shared) get(ctx context.Context, key string) (text string, found bool, err error) {
	if err := ctx.Err(); err != nil { // most stores do not look at it
		return "", false, err
	}
	value, err := s.gocache.Get(ctx, key)
	switch value := value.(type) {
	case string:
		text = value
	case []byte:
		text = string(value)
	}
	if errors.Is(err, store.NotFound{}) {
		return "", false, nil
	}
	return text, err == nil, err
}

// set writes what stands under a key for so long.
func (s *shared) set(ctx context.Context, key, text string, lasts time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var value any = text
	if s.bytes {
		value = []byte(text)
	}
	lasts = min(max(lasts, time.Second), markTime) // what is shorter lasts for ever in some, what is longer not at all
	// Without waiting, a store that writes later has a value, or an invalidation, that nobody finds yet.
	err := s.gocache.Set(ctx, key, value, store.WithExpiration(lasts), store.WithCost(int64(len(text))), store.WithSynchronousSet())
	if err != nil && (strings.Contains(err.Error(), text) || strings.Contains(err.Error(), fmt.Sprint(value))) {
		return fmt.Errorf("the store %s has not taken a value", s.gocache.GetType()) // which ristretto's repeats: that goes into no log
	}
	return err
}

// newVersion returns one that was never there before, behind which stands the position of the invalidation that has made it, where there is one.
func newVersion(floor string) string {
	if floor == "" {
		return rand.Text()
	}
	return rand.Text() + "@" + floor
}

// floorOf returns the position behind a version; "" for none. Positions have one length: they compare as texts.
func floorOf(version string) string {
	_, floor, _ := strings.Cut(version, "@")
	return floor
}

func position(p uint64) string {
	if p == 0 {
		return ""
	}
	return fmt.Sprintf("%020d", p)
}

// isVersion reports whether a text may be one. Another one would be taken for the end of the line that it stands in.
func isVersion(text string) bool {
	return text != "" && len(text) < 100 && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// read returns the version that stands somewhere; "" for none.
func (s *shared) read(ctx context.Context, v version) (string, error) {
	text, _, err := s.get(ctx, v.key)
	if err != nil || !isVersion(text) {
		return "", err
	}
	return text, nil
}

// under returns what a value hangs on, in the order of versions. It is not complete where one of them is not there, unless they are created.
func (s *shared) under(ctx context.Context, q driver.Query, create bool) (under string, complete bool, err error) {
	texts := []string{}
	for _, v := range s.versions(q) {
		text, err := s.read(ctx, v)
		if err == nil && text == "" && create {
			text = newVersion("")
			err = s.set(ctx, v.key, text, v.lasts)
		}
		if err != nil || text == "" {
			return "", false, err
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, " "), true, nil
}

// Read looks for a value, and only for what is there for its versions.
func (s *shared) Read(ctx context.Context, q driver.Query) (driver.Answer, error) {
	text, found, err := s.get(ctx, s.key("v", q.Name))
	if err != nil || !found {
		return driver.Answer{}, err
	}
	under, complete, err := s.under(ctx, q, false)
	if err != nil || !complete {
		return driver.Answer{}, err
	}
	return answer(text, q, under), nil
}

// answer reads a stored value. One under other versions is none, and nothing is wrong with it.
func answer(text string, q driver.Query, under string) driver.Answer {
	v, was, err := driver.Decode([]byte(text), q.Name, time.Now())
	if err != nil {
		return driver.Answer{Damaged: true, Under: under}
	}
	if string(was) != under {
		return driver.Answer{Under: under}
	}
	return driver.Answer{Value: &v, Under: under}
}

// Acquire looks for a value, and makes the versions that are not there. Everybody may load.
func (s *shared) Acquire(ctx context.Context, q driver.Query, _ string, fresh bool) (driver.Answer, error) {
	if !fresh {
		if a, err := s.Read(ctx, q); err != nil || a.Value != nil || a.Damaged {
			return a, err
		}
	}
	under, _, err := s.under(ctx, q, true)
	return driver.Answer{Under: under, Leased: err == nil}, err
}

// Fill stores a value. An invalidation between the look at the versions and the end makes no difference: it is stored under those that were there before.
func (s *shared) Fill(ctx context.Context, q driver.Query, _, under string, v driver.Value, stays time.Duration) (bool, error) {
	now, complete, err := s.under(ctx, q, false)
	if err != nil || !complete || now != under || behind(v, under) {
		return false, err
	}
	text, err := driver.Encode(q.Name, under, v, time.Now())
	if errors.Is(err, driver.ErrTooLarge) || len(text) > s.largest {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	err = s.set(ctx, s.key("v", q.Name), string(text), stays)
	return err == nil, err
}

// behind reports whether a value comes from a copy that had not got as far as what was invalidated.
func behind(v driver.Value, under string) bool {
	for text := range strings.SplitSeq(under, " ") {
		if v.Position != 0 && floorOf(text) > position(v.Position) {
			return true
		}
	}
	return false
}

// Release does nothing: nobody has a lease.
func (s *shared) Release(context.Context, driver.Query, string) error { return nil }

// Invalidate changes the versions of keys and marks. The values stay, unreadable, until their time is over.
func (s *shared) Invalidate(ctx context.Context, n driver.Names, behind uint64) error {
	vs := make([]version, 0, len(n.Keys)+len(n.Marks)+1)
	for _, name := range n.Keys {
		vs = append(vs, s.self(name))
	}
	for _, m := range n.Marks {
		vs = append(vs, s.mark(m))
	}
	if n.Everything {
		vs = append(vs, s.epoch())
	}
	s.raising.Lock()
	defer s.raising.Unlock()
	for _, v := range vs {
		old, err := s.read(ctx, v)
		if err == nil {
			err = s.set(ctx, v.key, newVersion(max(position(behind), floorOf(old))), v.lasts)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Listen hears nothing.
func (s *shared) Listen(ctx context.Context, _ func(driver.Event)) error {
	<-ctx.Done()
	return ctx.Err()
}
