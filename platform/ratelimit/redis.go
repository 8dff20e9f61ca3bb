package ratelimit

import (
	"context"
	"fmt"
	"time"

	"github.com/banyan-go/banyan/platform/redis"
)

// shared counts the requests of one rule in Redis, for all processes together. A decision is one script, which goes by the clock of the server:
// a window is an expiry, and gcra asks for the time.
//
// What a key counts is in its name, the rule with its numbers and then the subject: a rule that changes counts from the beginning, and no two
// subjects share a key, since the name of a rule has no colon.
type shared struct {
	client *redis.Client
	rule   Rule
	script *redis.Script
	prefix string
	args   []any
}

func newShared(c *redis.Client, name string, r Rule) *shared {
	s := &shared{client: c, rule: r}
	if r.Algorithm == GCRA {
		interval := micros(r.interval())
		s.script, s.args = redis.NewScript(gcraScript), []any{interval, interval * int64(r.Burst)}
		s.prefix = fmt.Sprintf("%slimit:%s:gcra-%d-%d:", c.Prefix(), name, interval, r.Burst)
	} else {
		s.script, s.args = redis.NewScript(windowScript), []any{r.Window.Milliseconds()}
		s.prefix = fmt.Sprintf("%slimit:%s:window-%d:", c.Prefix(), name, int64(r.Window/time.Second))
	}
	return s
}

// micros rounds up, as Rule.interval does.
func micros(d time.Duration) int64 { return int64((d + time.Microsecond - 1) / time.Microsecond) }

// windowScript counts a request and returns the count and how long it lives, in milliseconds. The count of a new window has no expiry yet.
const windowScript = `local n = redis.call('incr', KEYS[1])
local t = redis.call('pttl', KEYS[1])
if t < 0 then
  redis.call('pexpire', KEYS[1], ARGV[1])
  t = tonumber(ARGV[1])
end
return {n, t}`

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

// take decides about one request.
func (s *shared) take(ctx context.Context, subject []byte) (verdict, error) {
	got, err := redis.RunInts(ctx, s.client, s.script, []string{s.key(subject)}, s.args...)
	if err != nil {
		return verdict{}, err
	}
	if len(got) != 2 {
		return verdict{}, fmt.Errorf("the script of a limit returned %d numbers", len(got))
	}
	if s.rule.Algorithm == GCRA {
		return s.gcra(time.Duration(got[0])*time.Microsecond, time.Duration(got[1])*time.Microsecond), nil
	}
	return s.window(got[0], time.Duration(got[1])*time.Millisecond), nil
}

func (s *shared) window(n int64, left time.Duration) verdict {
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

func (s *shared) key(subject []byte) string { return s.prefix + string(subject) }

// reset forgets what a subject has asked for.
func (s *shared) reset(ctx context.Context, subject []byte) (known bool, err error) {
	n, err := redis.Commands(s.client).Del(ctx, s.key(subject)).Result()
	return n > 0, err
}
