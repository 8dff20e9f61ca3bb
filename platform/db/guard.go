package db

import (
	"context"
	"io/fs"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/internal/sqltext"
	"github.com/banyan-go/banyan/platform/db/querystat"
)

// Guard says whether statements are kept to the tables of their module. It is for modes dev and test: there the engine looks at every
// statement that it has not seen before, and in mode prod nothing is looked at.
type Guard struct {
	On bool
	// Denied is told of each statement that the guard has refused, also when its module ignores the error. It is called by the goroutine
	// that has asked for the statement, with its context, and may be nil.
	Denied func(context.Context, Refusal)
}

// Refusal is a statement that a guard has refused, and where it comes from.
type Refusal struct {
	Err   error  // ErrForeignTable, ErrNoKey or ErrSchema, with the names of the module and the table
	Route string // "GET /api/v1/catalog/products"; "" for what is no request
	SQL   string // with placeholders, and without the values that stand in it
	// At is the line that has run it, "modules/catalog/internal/product/store.go:74", and then those that called it.
	At []string
}

// guard knows which table is whose. A nil one guards nothing.
type guard struct {
	log    *slog.Logger
	denied func(context.Context, Refusal)

	mu      sync.RWMutex
	modules map[string]bool
	tables  map[string]string // the module by table, in lower case: what the migrations make
}

var _ driver.Guard = (*guard)(nil)

func newGuard(g Guard, log *slog.Logger) *guard {
	return &guard{log: log, denied: g.Denied, modules: map[string]bool{}, tables: map[string]string{}}
}

// know adds a module.
func (g *guard) know(module string) {
	if g == nil || !isModule(module) {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.modules[module] = true
}

// made finds what a migration makes or renames: a name may be quoted, and stand behind that of its schema. What it finds too much, in a
// comment for instance, is a table that nobody has.
const made = `(?i)\b(?:CREATE\s+(?:OR\s+REPLACE\s+|TEMP\s+|TEMPORARY\s+|UNLOGGED\s+|VIRTUAL\s+|MATERIALIZED\s+|RECURSIVE\s+)*(?:TABLE|VIEW)\s+(?:IF\s+NOT\s+EXISTS\s+)?|RENAME\s+TO\s+)(?:["\x60\[]?\w+["\x60\]]?\s*\.\s*)?["\x60\[]?(\w+)`

// learn reads in the migrations of a module which tables are its own, beside those that begin with its name.
func (g *guard) learn(m Migrations, dialect string) {
	if g == nil || m.Module == PlatformSet {
		return
	}
	g.know(m.Module)
	names, _ := fs.Glob(m.Files, dialect+"/*.sql") // the pattern is one
	tables := regexp.MustCompile(made)
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, name := range names {
		text, _ := fs.ReadFile(m.Files, name) // who runs it says why it cannot be read
		for _, found := range tables.FindAllSubmatch(text, -1) {
			g.tables[strings.ToLower(string(found[1]))] = m.Module
		}
	}
}

// migrating returns the context of a module's migrations, with or without a guard: an engine has other limits for them than for requests.
func migrating(ctx context.Context, module string) context.Context {
	if module == PlatformSet {
		module = "" // who may touch its own tables
	}
	return driver.WithCaller(ctx, driver.Caller{Module: module, Scope: driver.Migration})
}

// Modules returns the names of the modules, in their order.
func (g *guard) Modules() []string {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return slices.Sorted(maps.Keys(g.modules))
}

// Owner returns whose a table is. The history of a module's migrations is the module's.
func (g *guard) Owner(name string) string {
	name = strings.ToLower(name)
	g.mu.RLock()
	defer g.mu.RUnlock()
	if module, ok := strings.CutPrefix(name, table("")); ok && g.modules[module] {
		return module
	}
	prefix, _, more := strings.Cut(name, "_")
	switch {
	case more && (prefix == driver.Platform || prefix == PlatformSet):
		return driver.Platform
	case more && g.modules[prefix]:
		return prefix
	default:
		return g.tables[name]
	}
}

// Warn logs why there is no guard.
func (g *guard) Warn(reason error) {
	g.log.Warn("the tables of modules are not guarded", "reason", reason)
}

// tell reports the error of a statement if the guard has refused it. It is called below the code that has asked for the statement.
func (g *guard) tell(ctx context.Context, text string, err error) {
	if g == nil || g.denied == nil {
		return
	}
	switch kindOf(err) {
	case driver.Walled, driver.Keyless, driver.Schema:
		g.denied(ctx, Refusal{Err: err, Route: querystat.OriginOf(ctx), SQL: sqltext.Shape(text), At: querystat.Here()})
	}
}
