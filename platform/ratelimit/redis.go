package ratelimit

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/banyan-go/banyan/platform/redis"
)

// shared counts the requests of one rule in Redis, for all processes together. A decision is one step of the server, which goes by its own clock: a
// window is an expiry, and gcra asks for the time.
//
// What a key counts is in its name, the rule with its numbers and then the subject: a rule that changes counts from the beginning, and no two
// subjects share a key, since the name of a rule has no colon.
type shared struct {
	client *redis.Client
	rule   Rule
	script *redis.Script
	prefix string
	args   []any
	known  *counters // of a fixed window: when it ends by the clock of this process, and its count when that was looked at
}

func newShared(c *redis.Client, name string, r Rule, subjects int) *shared {
	s := &shared{client: c, rule: r}
	if r.Algorithm == GCRA {
		interval := micros(r.interval())
		s.script, s.args = redis.NewScript(gcraScript), []any{interval, interval * int64(r.Burst)}
		s.prefix = fmt.Sprintf("%slimit:%s:gcra-%d-%d:", c.Prefix(), name, interval, r.Burst)
	} else {
		s.script, s.args = redis.NewScript(windowScript), []any{r.Window.Milliseconds()}
		s.prefix = fmt.Sprintf("%slimit:%s:window-%d:", c.Prefix(), name, int64(r.Window/time.Second))
		s.known = newCounters(r.life(), subjects, nil)
	}
	return s
}

// micros rounds up, as Rule.interval does.
func micros(d time.Duration) int64 { return int64((d + time.Microsecond - 1) / time.Microsecond) }

// windowScript counts a request, unless it is counted already, and returns the count and how long it lives, in milliseconds. The count of a new
// window has no expiry yet.
const windowScript = `local n = redis.call(ARGV[2] == '` + counted + `' and 'get' or 'incr', KEYS[1])
local t = redis.call('pttl', KEYS[1])
if t < 0 then
  redis.call('pexpire', KEYS[1], ARGV[1])
  t = tonumber(ARGV[1])
end
return {tonumber(n) or 0, t}`

// counted is what windowScript is told where the request is.
const counted = "counted"

// gcraScript keeps the theoretical arrival time, in microseconds. It returns the time until the whole burst is there again and, where the request is
// refused, the time to wait. An arrival further away than a burst is that of a clock that was set back.
const gcraScript = `local time = redis.call('time')
local now = time[1] * 1000000 + time[2]
local interval, full = tonumber(ARGV[1]), tonumber(ARGV[2])
local at = math.max(now, math.min(tonumber(redis.call('get', KEYS[1]) or now), now + full))
local wait = at + interval - full - now
if wait > 0 then
  return {at - now, wait}
end
at = at + interval
redis.call('set', KEYS[1], at, 'px', math.ceil((at - now) / 1000))
return {at - now, 0}`

// take decides about one request. Now is the clock of the process.
func (s *shared) take(ctx context.Context, subject []byte, now func() time.Duration) (verdict, error) {
	key := s.prefix + string(subject)
	if s.rule.Algorithm == GCRA {
		reset, wait, err := s.run(ctx, key, s.args)
		if err != nil {
			return verdict{}, err
		}
		return s.gcra(time.Duration(reset)*time.Microsecond, time.Duration(wait)*time.Microsecond), nil
	}
	return s.window(ctx, key, subject, now())
}

// run runs the script of the rule, which returns two numbers.
func (s *shared) run(ctx context.Context, key string, args []any) (int64, int64, error) {
	got, err := redis.RunInts(ctx, s.client, s.script, []string{key}, args...)
	if err != nil {
		return 0, 0, err
	}
	if len(got) != 2 {
		return 0, 0, fmt.Errorf("the script of a limit returned %d numbers", len(got))
	}
	return got[0], got[1], nil
}

// window counts a request. In a window that this process knows, and that does not end while the call may be on its way, INCR is all it takes; one that comes
// too late all the same begins a window without an end, which gets it from the next request that looks. A count that is no higher than when this process has
// looked last says that the window is another one: it was reset, or the server has started empty.
func (s *shared) window(ctx context.Context, key string, subject []byte, now time.Duration) (verdict, error) {
	c, shard := s.known.lock(subject, now)
	before := *c
	shard.mu.Unlock()
	args, place := s.args, int64(0)
	if now+2*s.client.Timeout() < before.end {
		n, err := redis.Commands(s.client).Incr(ctx, key).Result()
		if err != nil {
			return verdict{}, err
		}
		if n > int64(before.n) {
			return s.decide(n, before.end-now), nil
		}
		args, place = []any{args[0], counted}, n
	}
	n, millis, err := s.run(ctx, key, args)
	if err != nil {
		return verdict{}, err
	}
	left := time.Duration(millis) * time.Millisecond
	c, shard = s.known.lock(subject, now)
	c.end, c.n = now+left, int(max(1, n)) // a window that has gone meanwhile has 0, and whoever begins the next one has to see that it is another
	shard.mu.Unlock()
	return s.decide(cmp.Or(place, n), left), nil
}

// decide decides about the nth request of a window.
func (s *shared) decide(n int64, left time.Duration) verdict {
	if n > int64(s.rule.Max) {
		return verdict{reset: left, retry: left}
	}
	return verdict{allowed: true, remaining: s.rule.Max - int(n), reset: left}
}

func (s *shared) gcra(reset, wait time.Duration) verdict {
	if wait > 0 {
		return verdict{reset: reset, retry: wait}
	}
	interval := s.rule.interval()
	return verdict{allowed: true, remaining: max(0, int((interval*time.Duration(s.rule.Burst)-reset)/interval)), reset: reset}
}

// reset forgets what a subject has asked for.
func (s *shared) reset(ctx context.Context, subject []byte) (known bool, err error) {
	n, err := redis.Commands(s.client).Del(ctx, s.prefix+string(subject)).Result()
	return n > 0, err
}
