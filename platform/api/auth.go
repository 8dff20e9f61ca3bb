package api

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/banyan-go/banyan/platform/fault"
)

// Auth says who may call an operation. Every operation has one: an empty Auth is refused when the route is made.
type Auth string

// The ways in.
const (
	// Public lets everybody in. It is for operations that only read; see PublicWrite.
	Public Auth = "public"
	// Session wants a session of this application, by its cookie.
	Session Auth = "session"
	// Token wants a bearer token (RFC 6750). The scheme of the header Authorization is Bearer, or Token, as some APIs have it.
	Token Auth = "token"
)

const publicWrite = "public, writes: "

// PublicWrite lets everybody in to an operation that writes. Why is the reason, for those who review the list of such routes.
func PublicWrite(why string) Auth { return Auth(publicWrite + why) }

// Open reports whether everybody may call the operation.
func (a Auth) Open() bool { return a == Public || strings.HasPrefix(string(a), publicWrite) }

// known reports whether a is one of the ways in; PublicWrite wants a reason.
func (a Auth) known() bool {
	switch a {
	case Public, Session, Token:
		return true
	default:
		return strings.TrimSpace(a.Why()) != ""
	}
}

// Why returns the reason given to PublicWrite, and "" for every other Auth.
func (a Auth) Why() string {
	why, ok := strings.CutPrefix(string(a), publicWrite)
	if !ok {
		return ""
	}
	return why
}

// Caller is who sent a request. The zero Caller is anonymous. Its slices are shared: they are not to be written to.
type Caller struct {
	// Subject is the id of the user or of the service; empty for an anonymous caller.
	Subject string
	// Roles are what the user is, "admin" for instance.
	Roles []string
	// Scopes are what a bearer token is good for, "blog:write" for instance. A session has none.
	Scopes []string
	// Way is Session or Token, and empty for an anonymous caller.
	Way Auth
}

// Anonymous reports whether nothing is known about the caller.
func (c Caller) Anonymous() bool { return c.Subject == "" }

// Is reports whether the caller has one of these roles.
func (c Caller) Is(roles ...string) bool {
	return slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(c.Roles, role) })
}

// CallerKey is the context key under which a context returns its Caller. It is exported for contexts that answer it themselves.
type CallerKey struct{}

// CallerFrom returns the caller of the request that ctx belongs to. It is the anonymous one when there is none, and in an operation with Auth: Public
// or PublicWrite: such an operation does not ask who calls, so that its answer may be kept for others. See Anybody for one that does.
func CallerFrom(ctx context.Context) Caller {
	c, _ := ctx.Value(CallerKey{}).(Caller)
	return c
}

// TokenVerifier finds out whose bearer token it is. A token that is unknown, has expired or was revoked is a zero Caller and no error; the error
// says that the question could not be answered.
type TokenVerifier func(ctx context.Context, token string) (Caller, error)

// Policy says which callers may call an operation. The zero Policy lets nobody in. What depends on the thing that is asked for, its owner for
// instance, is a question for the use case, which has it at hand: see CallerFrom.
type Policy struct {
	allows  func(Caller) bool
	text    string
	scope   string // one that it asks for, "" for none
	anybody bool   // see Anybody
}

// Anybody lets everybody in, and the handler finds out who it is: CallerFrom returns whose session or token came with the request, and the anonymous caller where
// there was none. A token that is not good is refused all the same. It is for operations that read, and stands alone: unlike those with Auth: Public, what they
// answer is one caller's, and nobody keeps it.
func Anybody() Policy {
	return Policy{allows: func(Caller) bool { return true }, text: "everybody", anybody: true}
}

// SignedIn lets everybody in who is known.
func SignedIn() Policy {
	return Policy{allows: func(c Caller) bool { return !c.Anonymous() }, text: "signed in"}
}

// Roles lets in who has one of these roles.
func Roles(names ...string) Policy {
	return Policy{allows: func(c Caller) bool { return !c.Anonymous() && c.Is(names...) }, text: "role " + strings.Join(names, " or ")}
}

// Scope lets in whose bearer token has this scope.
func Scope(name string) Policy {
	return Policy{allows: func(c Caller) bool { return !c.Anonymous() && slices.Contains(c.Scopes, name) }, text: "scope " + name, scope: name}
}

// AnyOf lets in whom one of these policies lets in.
func AnyOf(policies ...Policy) Policy {
	return join(policies, " or ", func(c Caller) bool { return slices.ContainsFunc(policies, func(p Policy) bool { return p.Allows(c) }) })
}

// AllOf lets in whom each of these policies lets in. Without any it lets nobody in.
func AllOf(policies ...Policy) Policy {
	return join(policies, " and ", func(c Caller) bool {
		return len(policies) > 0 && !slices.ContainsFunc(policies, func(p Policy) bool { return !p.Allows(c) })
	})
}

func join(policies []Policy, joint string, allows func(Caller) bool) Policy {
	all, scope := make([]string, len(policies)), ""
	for i, p := range policies {
		all[i], scope = p.String(), cmp.Or(scope, p.scope)
	}
	return Policy{allows: allows, text: strings.Join(all, joint), scope: scope}
}

// Allows reports whether the policy lets this caller in.
func (p Policy) Allows(c Caller) bool { return p.allows != nil && p.allows(c) }

// IsZero reports whether the policy was left out.
func (p Policy) IsZero() bool { return p.allows == nil }

// ForAnybody reports whether the policy is Anybody.
func (p Policy) ForAnybody() bool { return p.anybody }

// String says who may, in a few words: "role admin or editor".
func (p Policy) String() string {
	if p.IsZero() {
		return "nobody"
	}
	return p.text
}

// The answers to callers who are not let in.
var (
	// ErrUnauthenticated is answered with a header WWW-Authenticate, which says what is wanted.
	ErrUnauthenticated = fault.New(fault.Unauthenticated, "unauthenticated", "Sign in first, or send a token that is still good.")
	ErrForbidden       = fault.New(fault.Forbidden, "forbidden", "You may not do this.")
)

// Admit returns nil when the caller may call the operation, ErrUnauthenticated when it has to be known first, and else ErrForbidden.
func (e *Endpoint) Admit(c Caller) error {
	switch {
	case e.Op.Auth.Open(), e.Op.Allow.anybody:
		return nil
	case c.Anonymous():
		return ErrUnauthenticated
	case !e.Op.Allow.Allows(c):
		return ErrForbidden.WithDetail("You may not do this. Who may: " + e.Op.Allow.String() + ".")
	default:
		return nil
	}
}
