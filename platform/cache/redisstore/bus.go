package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"
	goredis "github.com/redis/go-redis/v9"

	"github.com/banyan-go/banyan/platform/cache/driver"
	"github.com/banyan-go/banyan/platform/redis"
)

// beat is how often a listener asks whether it still hears. No answer within two of them is the end of the connection.
const beat = 300 * time.Millisecond

// The clock of the server: stored times are by that.

func (s *store) learn(now int64) { s.offset.Store(now - time.Since(s.start).Milliseconds()) }

func (s *store) now() time.Time {
	return time.UnixMilli(s.offset.Load() + time.Since(s.start).Milliseconds())
}

func (s *store) knowTime(ctx context.Context) error {
	if s.offset.Load() != 0 {
		return nil
	}
	now, err := s.redis.Time(ctx).Result()
	if err == nil {
		s.learn(now.UnixMilli())
	}
	return err
}

// numberNow returns how many invalidations there were, and learns the time.
func (s *store) numberNow(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, beat)
	defer cancel()
	var number *goredis.StringCmd
	var now *goredis.TimeCmd
	_, err := s.redis.Pipelined(ctx, func(p goredis.Pipeliner) error {
		number, now = p.Get(ctx, s.number()), p.Time(ctx)
		return nil
	})
	if err != nil && !errors.Is(err, goredis.Nil) {
		return 0, err
	}
	s.learn(now.Val().UnixMilli())
	n, err := number.Int64()
	if errors.Is(err, goredis.Nil) {
		return 0, nil
	}
	return n, err
}

// Listen hears of invalidations by others.
//
// Each has a number, one more than that before, and a checksum. That nothing was missed is also known when nothing comes: a heartbeat first asks for the newest number and then sends that in
// a PING over the subscription, whose answer arrives behind everything that was published before.
func (s *store) Listen(ctx context.Context, hear func(driver.Event)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	within, done := context.WithTimeout(ctx, 2*beat)
	defer done()
	sub := redis.Subscribe(within, s.client, s.channel())
	defer func() { _ = sub.Close() }() // it may have ended already
	context.AfterFunc(ctx, func() { _ = sub.Close() })
	l := &listener{store: s, hear: hear}
	var beating sync.WaitGroup
	defer beating.Wait()
	defer cancel()
	beating.Go(func() { l.pulse(ctx, sub) })
	for {
		message, err := receive(ctx, sub)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("listen: %w", err)
		}
		if err := l.take(ctx, message); err != nil {
			return err
		}
	}
}

// receive returns what comes next. The library panics at what is no message.
func receive(ctx context.Context, sub *goredis.PubSub) (message any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("no message: %v", p)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, 2*beat)
	defer cancel()
	return sub.ReceiveTimeout(ctx, 2*beat)
}

// listener is what one subscription has heard.
type listener struct {
	store *store
	hear  func(driver.Event)
	known bool // last is known
	last  int64
}

// pulse sends heartbeats until ctx ends. It waits for nothing but its time: what does not come back ends the subscription.
func (l *listener) pulse(ctx context.Context, sub *goredis.PubSub) {
	ticks := time.NewTicker(beat)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		payload := ""
		if n, err := l.store.numberNow(ctx); err == nil {
			payload = strconv.FormatInt(n, 10)
		}
		l.ping(ctx, sub, "n"+payload)
	}
}

func (l *listener) ping(ctx context.Context, sub *goredis.PubSub, payload string) {
	ctx, cancel := context.WithTimeout(ctx, beat)
	defer cancel()
	_ = sub.Ping(ctx, payload) // its answer is what counts
}

// take hears one thing.
func (l *listener) take(ctx context.Context, message any) error {
	switch m := message.(type) {
	case *goredis.Subscription:
		return l.connected(ctx)
	case *goredis.Pong:
		if n, err := strconv.ParseInt(strings.TrimPrefix(m.Payload, "n"), 10, 64); err == nil && (!l.known || n > l.last) {
			l.heard(n, l.known)
		}
	case *goredis.Message:
		text, rest, _ := strings.Cut(m.Payload, " ")
		n, err := strconv.ParseInt(text, 10, 64)
		from, names, ok := read(rest)
		if err != nil || !ok {
			l.hear(driver.Event{Missed: true})
			return nil
		}
		l.heard(n, l.known && n != l.last+1)
		if from != l.store.self {
			l.hear(driver.Event{Names: names})
		}
	}
	return nil
}

// message returns what is published of an invalidation, behind its number: who says it, and the names. A name that arrives as another one would leave a value standing, hence
// the checksum.
func message(from string, names []string) string {
	text := driver.Join(append([]string{from}, names...)...)
	return strconv.FormatUint(xxhash.Sum64String(text), 16) + " " + text
}

// read reads what message has written.
func read(text string) (from string, names []string, ok bool) {
	sum, text, _ := strings.Cut(text, " ")
	parts, ok := driver.Split(text)
	if !ok || len(parts) == 0 || sum != strconv.FormatUint(xxhash.Sum64String(text), 16) {
		return "", nil, false
	}
	return parts[0], parts[1:], true
}

// connected says that everything from now on is heard.
func (l *listener) connected(ctx context.Context) error {
	n, err := l.store.numberNow(ctx)
	if err != nil {
		return err
	}
	lost := n < l.store.newest.Load()
	l.store.newest.Store(n)
	l.hear(driver.Event{Connected: true, Lost: lost})
	return nil
}

// heard takes the number of the newest invalidation.
func (l *listener) heard(n int64, missed bool) {
	l.known, l.last = true, n
	l.store.newest.Store(max(n, l.store.newest.Load()))
	if missed {
		l.hear(driver.Event{Missed: true})
	}
}
