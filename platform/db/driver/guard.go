package driver

import (
	"context"
	"fmt"
)

// Guard keeps the statements of modules to what is theirs, where somebody wants to hear of the mistake: in mode dev and in tests. An engine
// that gets one in its Options looks at the Caller of every statement and refuses, with an error of Kind Walled, Keyless or Schema:
//
//   - a table of another module, in whatever part of a statement it stands, or behind a view or a trigger;
//   - a table whose primary key begins with the column bucket, under the Scope Global, if the engine can;
//   - what changes the schema or the connection, but for the Scope Migration.
//
// A statement without a Caller is the platform's, which may do everything. A Guard is safe for concurrent use.
type Guard interface {
	// Modules returns the names of the modules that are known so far: lower-case letters and digits.
	Modules() []string
	// Owner returns the module that a table belongs to, Platform for the framework's own, and "" for one that is nobody's, which
	// everybody may touch. The name may be in either case.
	Owner(table string) string
	// Warn is told why the engine cannot guard this database. What it then runs goes unguarded.
	Warn(reason error)
}

// Platform is the Owner of the framework's own tables.
const Platform = "banyan"

// Caller is who has asked for a statement.
type Caller struct {
	Module string // "" for the platform
	Scope  Scope
}

// Scope is what a statement is about.
type Scope uint8

// The scopes.
const (
	Global    Scope = iota // tables that are not divided
	Keyed                  // the rows of one key
	Every                  // the rows of all keys
	Migration              // the schema
)

// callerKey is the context key of a Caller.
type callerKey struct{}

// WithCaller returns a context for a statement of c.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf returns whose statement runs under ctx: the platform's, when nobody has said so.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

// ForeignTable returns the error of a statement of c about a table of somebody else.
func (c Caller) ForeignTable(table, owner string) *Error {
	of, advice := "module "+owner, "ask the contract of "+owner
	if owner == Platform {
		of, advice = "the platform", "ask the package that keeps it"
	}
	return &Error{Kind: Walled, Err: fmt.Errorf("module %s has used the table %s of %s: %s", c.Module, table, of, advice)}
}

// NoKey returns the error of a statement of c about a divided table that says no key.
func (c Caller) NoKey(table string) *Error {
	return &Error{Kind: Keyless, Err: fmt.Errorf("module %s has used the table %s, which is divided by bucket, under db.Global: say db.By(its shard key), or use Each for all keys", c.Module, table)}
}

// ChangesSchema returns the error of a statement of c that does what is for migrations, "CREATE TABLE" for instance.
func (c Caller) ChangesSchema(what string) *Error {
	return &Error{Kind: Schema, Err: fmt.Errorf("module %s has tried %s: write a migration", c.Module, what)}
}
