package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"

	goredis "github.com/redis/go-redis/v9"
)

var (
	// ErrNoDeadline is what a call with a context that has no deadline gets, under Options.Strict: somebody might wait for ever for its end.
	ErrNoDeadline = errors.New("a call of Redis needs a context with a deadline")
	// ErrOpen is what a call gets at once while the breaker of its server is open. IsDown is true for it.
	ErrOpen = errors.New("the breaker of Redis is open: it was away")
)

// IsDown reports whether an error of a call says that the server is away, or takes nothing for the moment: no connection, no answer in time, an
// open breaker; it loads its data, has become a replica, has no memory or no connection left. It is false for nil, for a key that is not there, for
// the end of the caller's own context by context.Canceled, and for answers that say that the call, or the password, is wrong.
func IsDown(err error) bool { return silent(err) || unwilling(err) }

// silent reports whether an error says that there was no answer.
func silent(err error) bool {
	if _, answer := errors.AsType[goredis.Error](err); err == nil || answer || errors.Is(err, context.Canceled) {
		return false
	}
	if _, network := errors.AsType[net.Error](err); network || insecure(err) {
		return true
	}
	for _, target := range []error{ErrOpen, context.DeadlineExceeded, goredis.ErrPoolTimeout, goredis.ErrPoolExhausted, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// insecure reports whether an error says that the server's TLS is not to be trusted.
func insecure(err error) bool {
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	return untrusted
}

// unwilling reports whether an answer says that the server takes no such call for the moment.
func unwilling(err error) bool {
	answer, ok := errors.AsType[goredis.Error](err)
	if !ok {
		return false
	}
	code, _, _ := strings.Cut(answer.Error(), " ")
	switch code {
	case "LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS", "OOM", "MISCONF", "BUSY":
		return true
	default:
		return strings.HasPrefix(answer.Error(), "ERR max number of clients reached")
	}
}
