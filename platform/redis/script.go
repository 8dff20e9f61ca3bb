package redis

import (
	"context"
	"crypto/sha1" //nolint:gosec // the protocol names scripts by it
	"encoding/hex"

	goredis "github.com/redis/go-redis/v9"
)

// Script is Lua that the server runs as one step. It is safe for concurrent use.
type Script struct{ source, hash string }

// NewScript returns a script. Its keys arrive in KEYS, everything else in ARGV.
func NewScript(source string) *Script {
	hash := sha1.Sum([]byte(source)) //nolint:gosec // see above
	return &Script{source, hex.EncodeToString(hash[:])}
}

// Run runs a script by its hash, and by its text where the server does not know it: after its start, and after SCRIPT FLUSH. Every key that the
// script touches is one of keys, with the client's prefix.
func Run(ctx context.Context, c *Client, s *Script, keys []string, args ...any) *goredis.Cmd {
	cmd := client(c).EvalSha(ctx, s.hash, keys, args...)
	if goredis.HasErrorPrefix(cmd.Err(), "NOSCRIPT") { // it has done nothing
		return client(c).Eval(ctx, s.source, keys, args...)
	}
	return cmd
}

// RunInts is Run for a script that returns a list of integers.
func RunInts(ctx context.Context, c *Client, s *Script, keys []string, args ...any) ([]int64, error) {
	words := make([]any, 0, 3+len(keys)+len(args))
	words = append(words, "evalsha", s.hash, len(keys))
	for _, key := range keys {
		words = append(words, key)
	}
	words = append(words, args...)
	cmd := goredis.NewIntSliceCmd(ctx, words...)
	err := Process(ctx, c, cmd)
	if goredis.HasErrorPrefix(err, "NOSCRIPT") { // it has done nothing
		words[0], words[1] = "eval", s.source
		cmd = goredis.NewIntSliceCmd(ctx, words...)
		err = Process(ctx, c, cmd)
	}
	return cmd.Val(), err
}
