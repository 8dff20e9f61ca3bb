package db

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/migrator"
	"gorm.io/gorm/schema"

	"github.com/banyan-go/banyan/platform/db/driver"
)

// absent stands in for a driver that db.driver names and that is not compiled in: modules can be built and described over it, and nothing
// can be opened.
type absent struct {
	name       string
	compiledIn []string
}

var _ driver.Driver = absent{}

func (a absent) missing() error {
	return fmt.Errorf("driver %s is not compiled in: %s", a.name, cmp.Or(strings.Join(a.compiledIn, ", "), "none is (see drivers.go)"))
}

// Features says that the engine is the one of that name. Goose wants a dialect that it knows, and never gets to use it.
func (a absent) Features() driver.Features {
	return driver.Features{Dialect: a.name, Goose: "postgres", Like: "LIKE"}
}

// Check fails.
func (a absent) Check(driver.Options) error { return a.missing() }

// Open fails.
func (a absent) Open(context.Context, driver.Options) (driver.Pools, error) {
	return driver.Pools{}, a.missing()
}

// Dialector returns a dialect in which statements can be written, as far as the pool, which runs none.
func (a absent) Dialector(pool gorm.ConnPool) gorm.Dialector { return absentDialect{a.name, pool} }

// Translate returns err.
func (absent) Translate(err error) error { return err }

// Lock fails.
func (a absent) Lock(context.Context, driver.Options) (func() error, error) { return nil, a.missing() }

// absentDialect is the least that gorm asks of a dialect.
type absentDialect struct {
	name string
	pool gorm.ConnPool
}

func (d absentDialect) Name() string { return d.name }

func (d absentDialect) Initialize(orm *gorm.DB) error {
	orm.ConnPool = d.pool
	callbacks.RegisterDefaultCallbacks(orm, &callbacks.Config{})
	return nil
}

func (d absentDialect) Migrator(orm *gorm.DB) gorm.Migrator {
	return migrator.Migrator{Config: migrator.Config{DB: orm, Dialector: d}}
}

func (absentDialect) DataTypeOf(*schema.Field) string { return "text" }

func (absentDialect) DefaultValueOf(*schema.Field) clause.Expression {
	return clause.Expr{SQL: "DEFAULT"}
}

func (absentDialect) BindVarTo(w clause.Writer, _ *gorm.Statement, _ any) { _ = w.WriteByte('?') }

func (absentDialect) QuoteTo(w clause.Writer, name string) { _, _ = w.WriteString(name) }

func (absentDialect) Explain(sql string, _ ...any) string { return sql }
