// Package redisstore keeps values of a cache in the Redis of the role cache, which may evict any key at any time, and may come back empty.
//
// A value is one key, whose first line holds the versions of the marks that it hangs on, random texts in keys of their own. To read one is one MGET of the value and the
// marks. A mark that was evicted gets another version. Scripts change several keys at once, so all of them have to be on one server: not on a cluster.
package redisstore

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	goredis "github.com/redis/go-redis/v9"

	"github.com/banyan-go/banyan/platform/cache/driver"
	"github.com/banyan-go/banyan/platform/redis"
)

// Driver makes the stores.
type Driver struct{}

var _ driver.Driver = Driver{}

// Features says that processes load for each other and hear of each other.
func (Driver) Features() driver.Features { return driver.Features{Leases: true, Broadcast: true} }

// Open returns a store.
func (Driver) Open(o driver.Options) (driver.Store, error) {
	client := o.Redis.Cache()
	if client == nil {
		return nil, errors.New("needs the address of a Redis server in redis.cache, or redis.state")
	}
	s := &store{
		client: client, groups: map[string]any{}, redis: redis.Commands(client), lease: o.Lease, self: rand.Text(), start: time.Now(),
		acquire: redis.NewScript(common + acquire), fill: redis.NewScript(fill), release: redis.NewScript(release), invalidate: redis.NewScript(invalidate),
	}
	s.everything, s.words.New = s.epoch(), func() any { return new([]any) }
	return s, nil
}

type store struct {
	client                             *redis.Client
	redis                              goredis.Cmdable
	lease                              time.Duration
	self                               string // among those who publish
	acquire, fill, release, invalidate *redis.Script

	everything any // the key of the mark that all values hang on, as commands take it
	mu         sync.RWMutex
	groups     map[string]any // the same of groups, by their marks

	words sync.Pool // of *[]any: those of a command, for the next one

	start  time.Time
	offset atomic.Int64 // of the server's clock to the time since start, in milliseconds; 0 while it is not known
	newest atomic.Int64 // the greatest number of an invalidation that was heard of
}

// longName is the longest name that is a key as it is.
const longName = 200

// key returns the key of a kind for a name. A long name is hashed; that it is the right one is seen in the value.
func (s *store) key(kind, name string) string {
	if len(name) > longName {
		sum := sha256.Sum256([]byte(name))
		name = "\x00" + hex.EncodeToString(sum[:]) // no name begins with that
	}
	return s.client.Prefix() + "cache:" + kind + ":" + name
}

func (s *store) value(name string) string { return s.key("v", name) }
func (s *store) leaseKey(n string) string { return s.key("l", n) }
func (s *store) floor(name string) string { return s.key("f", name) }
func (s *store) epoch() string            { return s.key("m", "*") }
func (s *store) mark(name string) string  { return s.key("m", name) }
func (s *store) number() string           { return s.key("n", "") }
func (s *store) channel() string          { return s.key("bus", "") }

// marks appends the keys of what a value hangs on.
func (s *store) marks(keys []string, q driver.Query) []string {
	keys = append(keys, s.epoch())
	for _, m := range q.Marks {
		keys = append(keys, s.mark(m))
	}
	return keys
}

// markKey returns what mark does, for commands. The keys of groups it makes once: tags may be as many as there are things.
func (s *store) markKey(mark string) any {
	if !strings.HasPrefix(mark, "@") {
		return s.mark(mark)
	}
	s.mu.RLock()
	key, ok := s.groups[mark]
	s.mu.RUnlock()
	if ok {
		return key
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key = s.mark(mark)
	s.groups[mark] = key
	return key
}

// Read looks for a value.
func (s *store) Read(ctx context.Context, q driver.Query) (driver.Answer, error) {
	if err := s.knowTime(ctx); err != nil {
		return driver.Answer{}, err
	}
	room := s.words.Get().(*[]any)
	args := append((*room)[:0], "mget", s.value(q.Name), s.everything)
	for _, m := range q.Marks {
		args = append(args, s.markKey(m))
	}
	defer func() {
		clear(args)
		*room = args
		s.words.Put(room)
	}()
	cmd := goredis.NewStringSliceCmd(ctx, args...) // what is not there is ""
	if err := redis.Process(ctx, s.client, cmd); errors.Is(err, redis.ErrTooLarge) {
		return driver.Answer{Damaged: true}, nil
	} else if err != nil {
		return driver.Answer{}, err
	}
	texts := cmd.Val()
	if len(texts) != len(args)-1 {
		return driver.Answer{}, fmt.Errorf("MGET has returned %d values, want %d", len(texts), len(args)-1)
	}
	if slices.Contains(texts, "") {
		return driver.Answer{}, nil
	}
	return s.answer(texts[0], q, texts[1:]...), nil
}

// answer reads a stored value. One under other versions is none, and nothing is wrong with it.
func (s *store) answer(text string, q driver.Query, versions ...string) driver.Answer {
	v, under, err := driver.Decode(unsafe.Slice(unsafe.StringData(text), len(text)), q.Name, s.now()) //nolint:gosec // of an answer that nobody else has
	if err != nil {
		return driver.Answer{Damaged: true}
	}
	if !joined(under, versions) {
		return driver.Answer{}
	}
	return driver.Answer{Value: &v}
}

// joined reports whether a text is these, with spaces between them.
func joined(text []byte, parts []string) bool {
	for i, part := range parts {
		if i > 0 {
			if len(text) == 0 || text[0] != ' ' {
				return false
			}
			text = text[1:]
		}
		if len(text) < len(part) || string(text[:len(part)]) != part {
			return false
		}
		text = text[len(part):]
	}
	return len(text) == 0
}

// Acquire looks for a value, and for the right to load it.
func (s *store) Acquire(ctx context.Context, q driver.Query, token string, fresh bool) (driver.Answer, error) {
	reply, err := redis.Run(ctx, s.client, s.acquire, s.marks([]string{s.value(q.Name), s.leaseKey(q.Name)}, q),
		token, s.lease.Milliseconds(), flag(fresh), rand.Text(), (2 * max(q.Lasts, time.Minute)).Milliseconds(), driver.MaxValue).Slice()
	if err != nil {
		return driver.Answer{}, err
	}
	if len(reply) != 4 {
		return driver.Answer{}, fmt.Errorf("the script has returned %d values, want 4", len(reply))
	}
	now, _ := reply[0].(int64)
	leased, _ := reply[1].(int64)
	under, _ := reply[2].(string)
	text, _ := reply[3].(string)
	s.learn(now)
	if text == "" {
		return driver.Answer{Under: under, Leased: leased == 1}, nil
	}
	a := s.answer(text, q, under)
	a.Under = under
	return a, nil
}

func flag(on bool) int {
	if on {
		return 1
	}
	return 0
}

// position is how scripts compare positions: as texts of one length.
func position(p uint64) string {
	if p == 0 {
		return ""
	}
	return fmt.Sprintf("%020d", p)
}

// Fill stores a value.
func (s *store) Fill(ctx context.Context, q driver.Query, token, under string, v driver.Value, stays time.Duration) (bool, error) {
	if err := s.knowTime(ctx); err != nil {
		return false, err
	}
	text, err := driver.Encode(q.Name, under, v, s.now())
	if errors.Is(err, driver.ErrTooLarge) {
		return false, s.Release(ctx, q, token)
	}
	if err != nil {
		return false, err
	}
	n, err := redis.Run(ctx, s.client, s.fill, s.marks([]string{s.value(q.Name), s.leaseKey(q.Name), s.floor(q.Name)}, q),
		token, under, text, max(stays.Milliseconds(), 1), position(v.Position)).Int()
	return n == 1, err
}

// Release gives a lease back.
func (s *store) Release(ctx context.Context, q driver.Query, token string) error {
	return redis.Run(ctx, s.client, s.release, []string{s.leaseKey(q.Name)}, token).Err()
}

// floorTime is how long it is remembered how far a source has to have got. One that lags by more is not read.
const floorTime = 10 * time.Minute

// Invalidate deletes values, changes marks, and tells everybody.
func (s *store) Invalidate(ctx context.Context, n driver.Names, behind uint64) error {
	keys := make([]string, 0, 2+3*len(n.Keys)+len(n.Marks))
	keys = append(keys, s.number())
	for _, name := range n.Keys {
		keys = append(keys, s.value(name), s.leaseKey(name), s.floor(name))
	}
	for _, m := range n.Marks {
		keys = append(keys, s.mark(m))
	}
	if n.Everything {
		keys = append(keys, s.epoch())
	}
	return redis.Run(ctx, s.client, s.invalidate, keys,
		s.channel(), message(s.self, n.All), rand.Text(), position(behind), floorTime.Milliseconds(), len(n.Keys)).Err()
}
