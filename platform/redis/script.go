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
