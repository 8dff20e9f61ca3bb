package resource

import (
	"fmt"
	"slices"
	"strings"

	"github.com/banyan-go/banyan/generator/name"
)

// Auth says who may call the operations of a resource.
type Auth string

// The ways in.
const (
	Public  Auth = "public"  // everybody
	Session Auth = "session" // whoever is signed in reads, the role admin writes
	Token   Auth = "token"   // bearer tokens with the scopes MODULE:read and MODULE:write
)

// Auths are the ways in, as the command line has them.
func Auths() []string { return []string{string(Public), string(Session), string(Token)} }

func (a Auth) check() error {
	if a == "" || slices.Contains(Auths(), string(a)) {
		return nil
	}
	return fmt.Errorf("--auth %s: want one of %s", name.Quote(string(a)), strings.Join(Auths(), ", "))
}

// closed reports whether not everybody may.
func (a Auth) closed() bool { return a == Session || a == Token }

// Access is who may call the operations of a resource, in the spellings that templates need.
type Access struct {
	Closed              bool // not everybody may
	Token               bool // callers have bearer tokens, and no sessions
	ReadAuth, WriteAuth string
	Read, Write         string // Go expressions: policies
	Who                 string // for a comment: "whoever is signed in reads, and the role admin writes"

	// For the tests: Go expressions of the application a, as one who may do everything, one who may read, and one who is known and may do nothing; the
	// last is empty where whoever is known may read.
	All, Reader, Nobody string
}

// access works out who may.
func (v *View) access(a Auth) Access {
	switch a {
	case Session:
		return Access{
			Closed: true, ReadAuth: "api.Session", WriteAuth: "api.Session", Read: "api.SignedIn()", Write: `api.Roles("admin")`,
			Who: "whoever is signed in reads, and the role admin writes",
			All: `a.As("ada", "admin")`, Reader: `a.As("ben")`,
		}
	case Token:
		read, write := quote(v.Module+":read"), quote(v.Module+":write")
		return Access{
			Closed: true, Token: true, ReadAuth: "api.Token", WriteAuth: "api.Token", Read: "api.Scope(" + read + ")", Write: "api.Scope(" + write + ")",
			Who: "a token with the scope " + v.Module + ":read reads, and one with " + v.Module + ":write writes",
			All: `a.AsToken("ada", ` + read + ", " + write + ")", Reader: `a.AsToken("ben", ` + read + ")", Nobody: `a.AsToken("cleo")`,
		}
	default:
		return Access{ReadAuth: "api.Public", WriteAuth: "open"}
	}
}
