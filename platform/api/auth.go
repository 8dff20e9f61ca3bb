package api

import (
	"context"
	"strings"
)

// Auth says who may call an operation. Every operation has one: an empty Auth is refused when the route is made.
type Auth string

// The ways in.
const (
	// Public lets everybody in. It is for operations that only read; see PublicWrite.
	Public Auth = "public"
	// Session wants a session of this application.
	Session Auth = "session"
	// Token wants a bearer token.
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

// Caller is who sent a request. The zero Caller is anonymous.
type Caller struct {
	// Subject is the id of the user or of the service; empty for an anonymous caller.
	Subject string
}

// Anonymous reports whether nothing is known about the caller.
func (c Caller) Anonymous() bool { return c.Subject == "" }

// CallerKey is the context key under which a context returns its Caller. It is exported for contexts that answer it themselves.
type CallerKey struct{}

// CallerFrom returns the caller of the request that ctx belongs to, the anonymous one when there is none.
func CallerFrom(ctx context.Context) Caller {
	c, _ := ctx.Value(CallerKey{}).(Caller)
	return c
}
