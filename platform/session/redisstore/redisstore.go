// Package redisstore keeps sessions in the Redis of the role state. What the server forgets, since it was restarted empty for instance, signs users out; it
// never signs somebody in.
//
// A session is one key, which Redis lets go at its end, so a load is one GET. The ids of a user's sessions are a sorted set under a key of its own. Scripts change both at
// once, so all keys have to be on one server: not on a cluster.
package redisstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/banyan-go/banyan/platform/redis"
	"github.com/banyan-go/banyan/platform/session/driver"
)

// Driver makes the stores.
type Driver struct{}

var _ driver.Driver = Driver{}

// Features says that the sessions are those of all processes, and outlive them.
func (Driver) Features() driver.Features { return driver.Features{Shared: true, Durable: true} }

// Open returns a store.
func (Driver) Open(o driver.Options) (driver.Store, error) {
	client := o.Redis.State()
	if client == nil {
		return nil, errors.New("needs the address of a Redis server in redis.state")
	}
	return &store{
		options: o, client: client, redis: redis.Commands(client), start: time.Now(),
		create: redis.NewScript(common + create), save: redis.NewScript(common + save), touch: redis.NewScript(common + touch),
	}, nil
}

type store struct {
	options             driver.Options
	client              *redis.Client
	redis               goredis.Cmdable
	create, save, touch *redis.Script

	known known

	start  time.Time
	offset atomic.Int64 // of the server's clock to the time since start, in milliseconds; 0 while it is not known
}

// What is stored is a line of numbers, which scripts read and write, and the body in JSON, which they leave as it is:
//
//	1 <created> <seen> <expires> <version>
//
// The times are milliseconds since 1970 by the clock of the server. A script begins with what needs memory: without any it then fails before it has changed
// something.
const common = `
local function now()
	local t = redis.call('TIME')
	return t[1] * 1000 + math.floor(t[2] / 1000)
end
local function read(key)
	local v = redis.call('GET', key)
	if not v then return nil end
	local created, seen, expires, version, body = string.match(v, '^1 (%d+) (%d+) (%d+) (%d+)\n(.*)$')
	if not created then return nil end
	return {created = tonumber(created), seen = tonumber(seen), expires = tonumber(expires), version = tonumber(version), body = body}
end
local function write(key, s, idle)
	local left = math.min(idle, s.expires - s.seen)
	if left <= 0 then return redis.call('DEL', key) end
	redis.call('SET', key, string.format('1 %.0f %.0f %.0f %.0f\n', s.created, s.seen, s.expires, s.version) .. s.body, 'PX', left)
end
local function answer(s)
	return {s.created, s.seen, s.expires, s.version}
end
`

// create begins a session. KEYS: the session, the ids of its user, the session that ends. ARGV: id, body, idle, absolute, most, what keys begin with.
const create = `
local s = {body = ARGV[2], version = 1}
s.created = now()
s.seen, s.expires = s.created, s.created + ARGV[4]
write(KEYS[1], s, tonumber(ARGV[3]))
redis.call('DEL', KEYS[3])
redis.call('ZADD', KEYS[2], s.created, ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
local most = tonumber(ARGV[5])
if redis.call('ZCARD', KEYS[2]) > most then
	for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
		if redis.call('EXISTS', ARGV[6] .. id) == 0 then redis.call('ZREM', KEYS[2], id) end
	end
	local over = redis.call('ZCARD', KEYS[2]) - most
	for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, over)) do
		if over > 0 and id ~= ARGV[1] then
			redis.call('DEL', ARGV[6] .. id)
			redis.call('ZREM', KEYS[2], id)
			over = over - 1
		end
	end
end
return answer(s)
`

// save changes a session. KEYS: the session as it was, as it is to be, the ids of its user. ARGV: version, body, idle, the id as it was, as it is to be.
const save = `
local s = read(KEYS[1])
if not s or s.version ~= tonumber(ARGV[1]) then return false end
s.version, s.body, s.seen = s.version + 1, ARGV[2], now()
write(KEYS[2], s, tonumber(ARGV[3]))
if KEYS[1] ~= KEYS[2] then
	redis.call('DEL', KEYS[1])
	redis.call('ZREM', KEYS[3], ARGV[4])
	redis.call('ZADD', KEYS[3], s.created, ARGV[5])
end
return answer(s)
`

// touch notes that a session was seen, and returns the time. KEYS: the session. ARGV: idle, touch.
const touch = `
local s, t = read(KEYS[1]), now()
if s and t - s.seen >= tonumber(ARGV[2]) then
	s.seen = t
	write(KEYS[1], s, tonumber(ARGV[1]))
end
return t
`

func (s *store) prefix() string { return s.client.Prefix() + "session:" }

func (s *store) key(id driver.ID) string { return s.prefix() + id.String() }

// userKey is where the ids of a user's sessions are. The name of a user may hold anything.
func (s *store) userKey(user string) string {
	sum := sha256.Sum256([]byte(user))
	return s.client.Prefix() + "sessions:" + hex.EncodeToString(sum[:])
}

// millis is how scripts take a duration.
func millis(d time.Duration) int64 { return d.Milliseconds() }

// learn takes the time of the server out of an answer. How long that was on its way does not matter to what is noted every few minutes.
func (s *store) learn(now int64) { s.offset.Store(now - time.Since(s.start).Milliseconds()) }

// due reports whether a touch would write. The clock of this machine may be set; what has passed since the last answer is what counts.
func (s *store) due(seen time.Time) bool {
	offset := s.offset.Load()
	return offset == 0 || time.Since(s.start).Milliseconds()+offset-seen.UnixMilli() >= millis(s.options.Touch)
}

// Create begins a session.
func (s *store) Create(ctx context.Context, in *driver.Session, ended driver.ID) (*driver.Session, error) {
	body, err := driver.Encode(in)
	if err != nil {
		return nil, err
	}
	return s.stored(in, redis.Run(ctx, s.client, s.create, []string{s.key(in.ID), s.userKey(in.User), s.key(ended)},
		in.ID.String(), body, millis(s.options.Idle), millis(s.options.Absolute), s.options.Most, s.prefix()))
}

// stored reads the answer of a script that has stored a session, nil when it has not.
func (s *store) stored(in *driver.Session, cmd *goredis.Cmd) (*driver.Session, error) {
	numbers, err := cmd.Int64Slice()
	if errors.Is(err, goredis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if len(numbers) != 4 {
		return nil, fmt.Errorf("the script has returned %d numbers, want 4", len(numbers))
	}
	sess := *in
	sess.Handle = in.ID.Handle()
	sess.Created, sess.Seen, sess.Expires, sess.Version = instant(numbers[0]), instant(numbers[1]), instant(numbers[2]), numbers[3]
	s.learn(numbers[1])
	return &sess, nil
}

func instant(millis int64) time.Time { return time.UnixMilli(millis).UTC() }

// Load finds a session.
func (s *store) Load(ctx context.Context, id driver.ID) (*driver.Session, bool, error) {
	text, err := s.redis.Get(ctx, s.key(id)).Bytes()
	if errors.Is(err, goredis.Nil) {
		return nil, false, nil
	}
	if goredis.HasErrorPrefix(err, "WRONGTYPE") {
		return nil, false, driver.ErrCorrupt
	}
	if err != nil {
		return nil, false, err
	}
	sess, err := s.known.decode(text, id)
	if err != nil {
		return nil, false, err
	}
	return sess, s.due(sess.Seen), nil
}

// known remembers what the texts of some sessions say: to read the JSON is most of what a load costs beside the trip to Redis. It says nothing
// about whether a session goes on; each load asks for its text. Where two sessions meet at one place the later one has it.
type known [1 << knownBits]atomic.Pointer[reading]

const knownBits = 12

type reading struct {
	text []byte
	sess *driver.Session
}

// decode is decode for the text of a session that may be known. Ids are hashes, so their first bits spread.
func (k *known) decode(text []byte, id driver.ID) (*driver.Session, error) {
	place := &k[binary.BigEndian.Uint16(id[:])>>(16-knownBits)]
	if r := place.Load(); r != nil && r.sess.ID == id && bytes.Equal(r.text, text) {
		return r.sess, nil
	}
	sess, err := decode(text, id)
	if err == nil {
		place.Store(&reading{text, sess})
	}
	return sess, err
}

// decode reads what a script has written. The error is driver.ErrCorrupt.
func decode(text []byte, id driver.ID) (*driver.Session, error) {
	line, body, ok := bytes.Cut(text, []byte{'\n'})
	fields := bytes.Fields(line)
	if !ok || len(fields) != 5 || string(fields[0]) != "1" {
		return nil, driver.ErrCorrupt
	}
	var numbers [4]int64
	for i := range numbers {
		n, err := strconv.ParseInt(string(fields[i+1]), 10, 64)
		if err != nil {
			return nil, driver.ErrCorrupt
		}
		numbers[i] = n
	}
	sess, err := driver.Decode(body, id)
	if err != nil {
		return nil, err
	}
	sess.Created, sess.Seen, sess.Expires, sess.Version = instant(numbers[0]), instant(numbers[1]), instant(numbers[2]), numbers[3]
	return sess, nil
}

// Save changes a session, and its id.
func (s *store) Save(ctx context.Context, in *driver.Session, was driver.ID) (*driver.Session, error) {
	body, err := driver.Encode(in)
	if err != nil {
		return nil, err
	}
	return s.stored(in, redis.Run(ctx, s.client, s.save, []string{s.key(was), s.key(in.ID), s.userKey(in.User)},
		in.Version, body, millis(s.options.Idle), was.String(), in.ID.String()))
}

// Touch notes that a session was seen.
func (s *store) Touch(ctx context.Context, id driver.ID) error {
	now, err := redis.Run(ctx, s.client, s.touch, []string{s.key(id)}, millis(s.options.Idle), millis(s.options.Touch)).Int64()
	if err == nil {
		s.learn(now)
	}
	return err
}

// Delete ends sessions. Their ids go from the list of their user when somebody asks for that.
func (s *store) Delete(ctx context.Context, ids ...driver.ID) (int, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	n, err := s.redis.Del(ctx, s.keys(ids)...).Result()
	return int(n), err
}

func (s *store) keys(ids []driver.ID) []string {
	keys := make([]string, 0, len(ids))
	for _, id := range ids {
		keys = append(keys, s.key(id))
	}
	return keys
}

// List returns the sessions of a user.
func (s *store) List(ctx context.Context, user string) (all []*driver.Session, err error) {
	members, err := s.redis.ZRevRange(ctx, s.userKey(user), 0, -1).Result()
	if err != nil || len(members) == 0 {
		return nil, err
	}
	ids := make([]driver.ID, 0, len(members))
	for _, text := range members {
		if id, err := driver.ParseID(text); err == nil {
			ids = append(ids, id)
		}
	}
	texts, err := s.redis.MGet(ctx, s.keys(ids)...).Result()
	if err != nil {
		return nil, err
	}
	var gone []any
	var corrupt error
	for i, text := range texts {
		text, ok := text.(string)
		if !ok {
			gone = append(gone, ids[i].String())
			continue
		}
		sess, err := decode([]byte(text), ids[i])
		if err != nil {
			corrupt = err
			continue
		}
		all = append(all, sess)
	}
	if len(gone) > 0 {
		if err := s.redis.ZRem(ctx, s.userKey(user), gone...).Err(); err != nil {
			return nil, err
		}
	}
	return all, corrupt
}
