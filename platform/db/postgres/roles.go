package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	dbdriver "github.com/banyan-go/banyan/platform/db/driver"
)

// roles keep modules apart: each has a role of the server's, which owns its tables, since its migrations run under that role, and as which
// its statements run. So the server itself refuses the tables of others, behind views and triggers too. Statements under db.Global run as a
// second role, which may use the tables of the module but those that are divided by key. A nil one keeps nothing apart.
//
// A role belongs to the whole server and not to a database. That of a module is the same one in every database, and owns something else in
// each, so that a thousand databases of tests leave no more roles behind than there are modules.
type roles struct {
	dbdriver.Guard
	cfg *pgx.ConnConfig

	mu      sync.Mutex
	ready   map[string]bool // by module: its roles are there and have their rights
	changed map[string]bool // by module: migrations have run since
	divided map[string]bool // by table or view: it needs a key
	off     bool            // the login may not make roles
}

// newRoles returns the roles of a guard, which may be nil.
func newRoles(g dbdriver.Guard, cfg *pgx.ConnConfig) *roles {
	if g == nil {
		return nil
	}
	return &roles{Guard: g, cfg: cfg, ready: map[string]bool{}, changed: map[string]bool{}, divided: map[string]bool{}}
}

// ownerOf and globalOf are the two roles of a module. No module's name holds an underscore.
func ownerOf(module string) string  { return "banyan_module_" + module }
func globalOf(module string) string { return ownerOf(module) + "_global" }

// of returns the role that a statement under ctx runs as, "" for the login.
func (r *roles) of(ctx context.Context) (string, error) {
	if r == nil {
		return "", nil
	}
	caller := dbdriver.CallerOf(ctx)
	if caller.Module == "" {
		return "", nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.changed[caller.Module] && caller.Scope != dbdriver.Migration {
		clear(r.ready)
		clear(r.changed)
	}
	if !r.off && !r.ready[caller.Module] {
		if err := r.prepareApart(ctx); err != nil {
			return "", err
		}
	}
	if !r.ready[caller.Module] {
		return "", nil
	}
	switch caller.Scope {
	case dbdriver.Global:
		return globalOf(caller.Module), nil
	case dbdriver.Migration:
		r.changed[caller.Module] = true
	}
	return ownerOf(caller.Module), nil
}

// prepareApart is prepare on a connection of its own.
func (r *roles) prepareApart(ctx context.Context) error {
	c, err := connect(ctx, apart(r.cfg))
	if err != nil {
		return err
	}
	return errors.Join(r.prepare(ctx, c), c.Close())
}

// start makes the roles of the modules that are known when the database is opened.
func (r *roles) start(ctx context.Context, c *conn) error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.prepare(ctx, c)
}

// prepare makes what is missing for the modules that are known, on a connection that is in no transaction. When the login may not do that,
// the guard hears of it, and nothing is kept apart.
func (r *roles) prepare(ctx context.Context, c *conn) error {
	modules := slices.DeleteFunc(r.Modules(), func(m string) bool { return r.ready[m] })
	if len(modules) == 0 {
		return nil
	}
	err := makeRoles(ctx, c, modules)
	if err == nil {
		err = r.giveRights(ctx, c, modules)
	}
	if forbidden(err) {
		r.off = true
		r.Warn(fmt.Errorf("the login of db.dsn may not make a role for each module, which takes CREATEROLE and the ownership of the database and its tables: %w", err))
		return nil
	}
	if err != nil {
		return fmt.Errorf("make the roles of modules: %w", err)
	}
	for _, m := range modules {
		r.ready[m] = true
	}
	return nil
}

// forbidden reports whether the server has refused something for lack of rights.
func forbidden(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "42501" || errors.Is(err, errNotGranted)
}

// errNotGranted is how a grant fails of which the server only warns.
var errNotGranted = errors.New("the rights on the schema were not granted")

// attempts is how often the roles are tried: programs with other databases of the server may make the same ones at the same time.
const attempts = 20

// makeRoles makes the roles that are not there, and the login a member of each.
func makeRoles(ctx context.Context, c *conn, modules []string) error {
	var names []string
	for _, m := range modules {
		names = append(names, ownerOf(m), globalOf(m))
	}
	var failed error
	for range attempts {
		missing, err := c.texts(ctx, `
			select case when r.oid is null then format('create role %1$I nologin; grant %1$I to current_user', name) else format('grant %I to current_user', name) end
			from unnest($1::text[]) name left join pg_roles r on r.rolname = name
			where case when r.oid is null then true else not pg_has_role(r.oid, 'usage') end`, names)
		if err != nil || len(missing) == 0 {
			return err
		}
		if failed = c.within(ctx, missing); forbidden(failed) {
			break
		}
	}
	return failed
}

// giveRights lets the modules make tables and use their own. What another mode or an older version has made belongs to the login until then.
func (r *roles) giveRights(ctx context.Context, c *conn, modules []string) error {
	missing, err := r.missingRights(ctx, c, modules)
	if err != nil || len(missing) == 0 {
		return err
	}
	// One process after the other: of several at once the server would let all but one fail.
	lock := fmt.Sprintf("select pg_advisory_xact_lock(%d)", lockKey+1)
	if err := c.within(ctx, append([]string{lock}, missing...)); err != nil {
		return err
	}
	if missing, err = r.missingRights(ctx, c, modules); err == nil && len(missing) > 0 {
		return errNotGranted
	}
	return err
}

// missingRights returns the statements that giveRights needs, and notes which tables are divided.
func (r *roles) missingRights(ctx context.Context, c *conn, modules []string) (missing []string, err error) {
	var owners, globals []string
	for _, m := range modules {
		owners, globals = append(owners, ownerOf(m)), append(globals, globalOf(m))
	}
	missing, err = c.texts(ctx, `
		with role (owner, global, schema) as (select *, current_schema() from unnest($1::text[], $2::text[]))
		select format('grant usage, create on schema %I to %I', schema, owner) from role where not (has_schema_privilege(owner, schema, 'usage') and has_schema_privilege(owner, schema, 'create'))
		union all
		select format('grant usage on schema %I to %I', schema, global) from role where not has_schema_privilege(global, schema, 'usage')
		union all
		select format('alter default privileges for role %I in schema %I grant all on %s to %I', owner, schema, what, global) from role, (values ('r', 'tables'), ('S', 'sequences')) k (kind, what)
		where not exists (select from pg_default_acl where defaclrole = owner::regrole and defaclnamespace = schema::regnamespace and defaclobjtype::text = kind)`, owners, globals)
	if err != nil {
		return nil, err
	}
	c.hurry(c.limit)
	rows, err := c.pgx.Query(ctx, `
		with recursive divided (id) as (
			select i.indrelid from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0] where i.indisprimary and a.attname = 'bucket'
			union select w.ev_class from divided join pg_depend d on d.refobjid = id and d.classid = 'pg_rewrite'::regclass join pg_rewrite w on w.oid = d.objid
		)
		select coalesce(t.relname, c.relname), c.relname, case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end,
			pg_get_userbyid(c.relowner), array(select pg_get_userbyid(grantee)::text from aclexplode(c.relacl) where privilege_type = 'SELECT'), c.oid in (select id from divided)
		from pg_class c
			left join pg_depend d on c.relkind = 'S' and d.objid = c.oid and d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
			left join pg_class t on t.oid = d.refobjid
		where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S')`)
	if err != nil {
		return nil, err
	}
	var table, name, kind, owner string // the table of a sequence is the one that it counts for
	var readers []string
	var divided bool
	_, err = pgx.ForEachRow(rows, []any{&table, &name, &kind, &owner, &readers, &divided}, func() error {
		m := r.Owner(table)
		if !slices.Contains(modules, m) {
			return nil
		}
		r.divided[name] = divided
		if owner != ownerOf(m) && table == name { // a sequence goes with its table
			missing = append(missing, fmt.Sprintf("alter %s %s owner to %s", kind, quoted(name), quoted(ownerOf(m))))
		}
		on := quoted(name)
		if kind == "sequence" {
			on = "sequence " + on
		}
		switch has := slices.Contains(readers, globalOf(m)); {
		case divided && has:
			missing = append(missing, fmt.Sprintf("revoke all on %s from %s", on, quoted(globalOf(m))))
		case !divided && !has:
			missing = append(missing, fmt.Sprintf("grant all on %s to %s", on, quoted(globalOf(m))))
		}
		return nil
	})
	return missing, err
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

// explain returns the error of a statement of a module's with what it means, when the server has refused it for lack of rights. The server
// names the table alone, somewhere in a message of whatever language.
func (r *roles) explain(ctx context.Context, err error) error {
	if r == nil || !forbidden(err) {
		return err
	}
	caller := dbdriver.CallerOf(ctx)
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || caller.Module == "" {
		return err
	}
	for _, word := range strings.FieldsFunc(pg.Message, func(r rune) bool { return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') }) {
		owner := r.Owner(word)
		switch {
		case owner == "":
		case owner != caller.Module:
			return caller.ForeignTable(word, owner)
		case r.needsKey(word):
			return caller.NoKey(word)
		}
	}
	return err
}

func (r *roles) needsKey(table string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.divided[table]
}

// refuse returns why a module may not run a statement that changes the schema or the connection.
func (r *roles) refuse(ctx context.Context, text string) error {
	if r == nil {
		return nil
	}
	caller := dbdriver.CallerOf(ctx)
	if caller.Module == "" || caller.Scope == dbdriver.Migration {
		return nil
	}
	if what := changesSchema(text); what != "" {
		return caller.ChangesSchema(what)
	}
	return nil
}

// changesSchema returns the words with which a text changes the schema or the rights of its connection, "" when it does not.
func changesSchema(text string) string {
	word, rest := firstWord(text)
	next, rest := firstWord(rest)
	word, next = strings.ToUpper(word), strings.ToUpper(next)
	switch word {
	case "CREATE", "ALTER", "DROP", "COMMENT", "GRANT", "REVOKE", "REASSIGN", "SECURITY", "IMPORT", "DISCARD":
		return word + " " + next
	case "SET":
		if next == "LOCAL" || next == "SESSION" {
			next, _ = firstWord(rest)
			next = strings.ToUpper(next)
		}
	}
	if (word == "SET" || word == "RESET") && (next == "ROLE" || next == "ALL" || next == "AUTHORIZATION" || next == "SESSION") {
		return word + " " + next
	}
	return ""
}
