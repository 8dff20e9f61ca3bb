package resource

import (
	"errors"
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

// Reads are the ways in that operations which read may have for themselves, as the command line has them.
func Reads() []string { return []string{string(Public)} }

// ErrReadsAlready means that Read opens what is open.
var ErrReadsAlready = errors.New("--read public says nothing beside --auth public, the default where users cannot sign in: everybody reads already. " +
	"Leave it out, or say who writes: --auth session or --auth token")

func (s Spec) checkRead() error {
	switch {
	case s.Read == "":
		return nil
	case s.Read != Public:
		return fmt.Errorf("--read %s: want public, or leave it out: then those read whom --auth lets in", name.Quote(string(s.Read)))
	case s.Auth == Public:
		return ErrReadsAlready
	default:
		return nil
	}
}

// readByAll reports whether everybody may call the operations that read.
func (s Spec) readByAll() bool { return !s.Auth.closed() || s.Read == Public }

// Access is who may call the operations of a resource, in the spellings that templates need.
type Access struct {
	Closed              bool // not everybody may: there is a policy
	Token               bool // callers have bearer tokens, and no sessions
	ReadAuth, WriteAuth string
	Read, Write         string // Go expressions: policies; that of reading is empty where everybody may
	Who                 string // for a comment: "whoever is signed in reads, and the role admin writes"

	// For the tests: Go expressions of the application a, as one who may do everything, one who may read alone, and one who is known and may do nothing;
	// the last is empty where whoever is known may read.
	All, Reader, Nobody string
}

// access works out who may.
func (v *View) access(s Spec) Access {
	a := v.accessBy(s.Auth)
	if a.Closed && s.readByAll() {
		a.ReadAuth, a.Read, a.Nobody = "api.Public", "", ""
		a.Who = "everybody reads, and the role admin writes"
		if a.Token {
			a.Who, a.Reader = "everybody reads, and a token with the scope "+v.Module+":write writes", `a.AsToken("ben")`
		}
	}
	return a
}

// accessBy is that of a way in.
func (v *View) accessBy(a Auth) Access {
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
