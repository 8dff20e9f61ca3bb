package redisstore

import (
	"context"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"github.com/banyan-go/banyan/platform/cache/driver"
)

var _ driver.Counter = (*store)(nil)

// scanned is how many keys are looked at in one step: so few that nobody waits for it.
const scanned = 500

// Count looks at every value.
func (s *store) Count(ctx context.Context, seen func(name string, bytes int64)) error {
	prefix := s.value("")
	for cursor := uint64(0); ; {
		keys, next, err := s.redis.Scan(ctx, cursor, escape(prefix)+"*", scanned).Result()
		if err != nil {
			return err
		}
		if err := s.lengths(ctx, keys, func(key string, n int64) { seen(strings.TrimPrefix(key, prefix), n) }); err != nil {
			return err
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

// lengths calls seen with the length of each key.
func (s *store) lengths(ctx context.Context, keys []string, seen func(key string, n int64)) error {
	if len(keys) == 0 {
		return nil
	}
	lengths := make([]*goredis.IntCmd, 0, len(keys))
	_, err := s.redis.Pipelined(ctx, func(p goredis.Pipeliner) error {
		for _, key := range keys {
			lengths = append(lengths, p.StrLen(ctx, key))
		}
		return nil
	})
	if err != nil && !goredis.HasErrorPrefix(err, "WRONGTYPE") {
		return err
	}
	for i, n := range lengths {
		if n.Err() == nil {
			seen(keys[i], n.Val())
		}
	}
	return nil
}

// escape makes a pattern of a text that matches that alone.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "]", `\]`).Replace(text)
}
