package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ncruces/go-sqlite3"

	dbdriver "github.com/banyan-go/banyan/platform/db/driver"
)

// guard is what a connection knows that keeps modules apart: SQLite's own parser asks it about every table and every action of a statement
// that is prepared, those behind views and triggers too. A nil one keeps nothing apart.
type guard struct {
	dbdriver.Guard
	caller dbdriver.Caller // of the statement that runs
	denied error           // why what was prepared last is refused
	used   []string        // its tables, as far as they may have no key
	silent bool            // the connection itself asks
}

// of says whose statement comes next.
func (g *guard) of(ctx context.Context) {
	if g != nil {
		g.caller = dbdriver.CallerOf(ctx)
	}
}

// key returns what a prepared statement is kept under: another caller's may be refused.
func (g *guard) key(text string) string {
	if g == nil {
		return text
	}
	return fmt.Sprintf("%s %d %s", g.caller.Module, g.caller.Scope, text)
}

// allows is SQLite's question while it prepares a statement. Name and second are what goes with the action.
func (g *guard) allows(action sqlite3.AuthorizerActionCode, name, second string) bool {
	if g == nil || g.silent || g.caller.Module == "" {
		return true
	}
	if err := g.judge(action, name, second); err != nil {
		g.denied = err
		return false
	}
	return true
}

func (g *guard) judge(action sqlite3.AuthorizerActionCode, name, second string) error {
	switch action {
	case sqlite3.AUTH_READ, sqlite3.AUTH_INSERT, sqlite3.AUTH_UPDATE, sqlite3.AUTH_DELETE:
		return g.table(name)
	case sqlite3.AUTH_SELECT, sqlite3.AUTH_RECURSIVE, sqlite3.AUTH_FUNCTION, sqlite3.AUTH_TRANSACTION, sqlite3.AUTH_SAVEPOINT:
		return nil
	case sqlite3.AUTH_PRAGMA:
		if second == "" || slices.Contains(questions(), name) {
			return nil
		}
		name = "PRAGMA " + name + " with a value"
	}
	if g.caller.Scope != dbdriver.Migration {
		return g.caller.ChangesSchema(nameOf(action, name))
	}
	switch action {
	case sqlite3.AUTH_CREATE_TABLE, sqlite3.AUTH_DROP_TABLE, sqlite3.AUTH_CREATE_VIEW, sqlite3.AUTH_DROP_VIEW, sqlite3.AUTH_CREATE_VTABLE, sqlite3.AUTH_DROP_VTABLE:
		return g.table(name)
	case sqlite3.AUTH_CREATE_INDEX, sqlite3.AUTH_DROP_INDEX, sqlite3.AUTH_CREATE_TRIGGER, sqlite3.AUTH_DROP_TRIGGER, sqlite3.AUTH_ALTER_TABLE:
		return g.table(second)
	}
	return nil
}

// table judges the use of a table.
func (g *guard) table(name string) error {
	if owner := g.Owner(name); owner != "" && owner != g.caller.Module {
		return g.caller.ForeignTable(name, owner)
	}
	if g.caller.Scope == dbdriver.Global && !slices.Contains(g.used, name) {
		g.used = append(g.used, name)
	}
	return nil
}

// questions are the pragmas whose value is what they ask about.
func questions() []string {
	return []string{"table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list"}
}

// nameOf names an action as SQL does.
func nameOf(action sqlite3.AuthorizerActionCode, name string) string {
	switch action {
	case sqlite3.AUTH_PRAGMA:
		return name
	case sqlite3.AUTH_ATTACH, sqlite3.AUTH_DETACH:
		return "to attach or detach a database"
	case sqlite3.AUTH_CREATE_TABLE, sqlite3.AUTH_CREATE_TEMP_TABLE, sqlite3.AUTH_CREATE_VTABLE:
		return "CREATE TABLE " + name
	case sqlite3.AUTH_DROP_TABLE, sqlite3.AUTH_DROP_TEMP_TABLE, sqlite3.AUTH_DROP_VTABLE:
		return "DROP TABLE " + name
	}
	return "to change the schema"
}

// judged returns the error of a statement that was just prepared, which is the guard's if that has refused it.
func (c *conn) judged(err error) error {
	g := c.guard
	if g == nil {
		return err
	}
	denied, used := g.denied, g.used
	g.denied, g.used = nil, nil
	switch {
	case denied != nil && errors.Is(err, sqlite3.AUTH):
		return denied
	case err != nil:
		return err
	}
	for _, table := range used {
		divided, err := c.divided(table)
		if err != nil {
			return err
		}
		if divided {
			return g.caller.NoKey(table)
		}
	}
	return nil
}

// divided reports whether the primary key of a table begins with the bucket.
func (c *conn) divided(table string) (bool, error) {
	c.guard.silent = true
	defer func() { c.guard.silent = false }()
	s, _, err := c.raw.Prepare("SELECT 1 FROM pragma_table_info(?) WHERE pk = 1 AND name = 'bucket'")
	if err != nil {
		return false, err
	}
	defer s.Close() //nolint:errcheck // it repeats the error of the step
	if err := s.BindText(1, table); err != nil {
		return false, err
	}
	return s.Step(), s.Err()
}
