package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/lifecycle"
)

// retryAfter is what a caller is told to wait when the database was busy.
const retryAfter = time.Second

// retryFull is what a caller is told to wait when the disk is full: somebody has to make room.
const retryFull = 30 * time.Second

// Drivers are the engines that are compiled in, by the name that db.driver uses.
type Drivers map[string]driver.Driver

// DB is the door. It is safe for concurrent use.
type DB struct {
	cfg      Config
	driver   driver.Driver
	features driver.Features
	options  driver.Options
	late     error // of a statement that ran into its limit
	log      *slog.Logger
	orm      func() *gorm.DB // see newORM
	guard    *guard          // nil in mode prod

	open atomic.Pointer[open] // nil unless started
}

// open is what there is of a database between Start and Stop.
type open struct {
	driver.Pools
	places *driver.Places // of transactions
	holder atomic.Uintptr // who has begun the last transaction: the program counter behind the call of Tx
}

// New builds the door without I/O and appends its start and stop to lc. What is wrong with the settings it returns as config.Problems:
// a driver that is not compiled in, a DSN that is not set or that the driver refuses.
func New(cfg Config, drivers Drivers, lc *lifecycle.Lifecycle, log *slog.Logger) (*DB, error) {
	d := Describe(cfg, drivers, lc, log)
	if wrong := d.check(); len(wrong) > 0 {
		return nil, wrong
	}
	return d, nil
}

// Describe is New for programs that say what an application is and do not open its database: what New refuses is no error, and only makes
// the start fail.
func Describe(cfg Config, drivers Drivers, lc *lifecycle.Lifecycle, log *slog.Logger) *DB {
	drv, ok := drivers[cfg.Driver]
	if !ok {
		drv = absent{name: cfg.Driver, compiledIn: slices.Sorted(maps.Keys(drivers))}
	}
	d := &DB{cfg: cfg, driver: drv, features: drv.Features(), log: log, options: driver.Options{
		DSN:         cfg.DSN,
		MaxOpen:     cfg.Pool.MaxOpen.Or(min(max(2*runtime.GOMAXPROCS(0), 4), 16)),
		Instances:   cfg.Instances,
		Wait:        cfg.Pool.Wait,
		Statement:   cfg.Statement,
		BusyTimeout: cfg.SQLite.BusyTimeout,
		Durable:     cfg.SQLite.Durable,

		LockTimeout:       cfg.Postgres.LockTimeout,
		IdleInTransaction: cfg.Postgres.IdleInTransaction,
		MaxLife:           cfg.Pool.MaxLife,
	}}
	d.options.Share = cfg.Pool.Share.Or(max(1, d.options.MaxOpen/2))
	d.orm = sync.OnceValue(d.newORM)
	if cfg.Guard.On {
		d.guard = newGuard(cfg.Guard, log)
		d.options.Guard = d.guard
	}
	d.late = busy(fmt.Errorf("the statement was stopped at its limit of %s (db.statement_timeout)", cfg.Statement))
	lc.Append(lifecycle.Hook{Name: "database", Start: d.start, Stop: d.stop})
	return d
}

// Exists reports whether the database is there, before it is started and without changing anything. One on a server always is: whether it
// answers is known when it is started.
func (d *DB) Exists() (bool, error) {
	if m, ok := d.driver.(driver.Maker); ok {
		return m.Exists(d.options)
	}
	return true, nil
}

// check returns what is wrong with the settings as far as that can be seen without I/O.
func (d *DB) check() (wrong config.Problems) {
	err := d.driver.Check(d.options)
	_, missing := d.driver.(absent)
	if missing {
		wrong = append(wrong, config.Problem{Key: "db.driver", Got: err.Error()})
	}
	switch {
	case d.options.DSN == "":
		wrong = append(wrong, config.Problem{Key: "db.dsn", Got: "is not set", Hint: "put the address of the database into APP_DB__DSN, or into a file that APP_DB__DSN_FILE names"})
	case err != nil && !missing:
		wrong = append(wrong, config.Problem{Key: "db.dsn", Got: err.Error()})
	}
	return wrong
}

// Dialect names the engine: "sqlite".
func (d *DB) Dialect() string { return d.features.Dialect }

// MaxOpen is the number of connections that read, as chosen for `auto`.
func (d *DB) MaxOpen() int { return d.options.MaxOpen }

// Share is how many of these connections the requests of one route may have at the same time, as chosen for `auto`.
func (d *DB) Share() int { return d.options.Share }

// MaxTx is the number of transactions that may be open at the same time: 1 on SQLite, which has one writer. It is 0 unless started.
func (d *DB) MaxTx() int {
	o := d.open.Load()
	if o == nil {
		return 0
	}
	return o.places.Size()
}

// Ping asks the database for an answer, on a connection that requests do not use. The error is for operators: it is what the engine says. It
// is ErrNotStarted before Start.
func (d *DB) Ping(ctx context.Context) error {
	o := d.open.Load()
	if o == nil {
		return ErrNotStarted
	}
	return o.Health.PingContext(ctx)
}

func (d *DB) start(ctx context.Context) error {
	pools, err := d.driver.Open(ctx, d.options)
	if err != nil {
		return err
	}
	// A transaction is one of the connections of its route, and one is left to the others.
	most := max(1, pools.Write.Stats().MaxOpenConnections)
	d.open.Store(&open{Pools: pools, places: driver.NewPlaces(most, max(1, min(d.options.Share, most-1)))})
	return nil
}

func (d *DB) stop(context.Context) error {
	o := d.open.Swap(nil)
	if o == nil {
		return nil
	}
	// The readers first: the last connection that closes a SQLite file folds its log back in, and only a writer may.
	return errors.Join(o.Health.Close(), o.Read.Close(), o.Write.Close())
}

// ForModule returns the handle of one module. Name is the module's, "catalog".
func (d *DB) ForModule(name string) *Handle {
	d.guard.know(name)
	return d.handle(name)
}

// Platform returns the handle of the framework itself, for what is about the tables of all modules. It is guarded by nothing.
func (d *DB) Platform() *Handle { return d.handle("") }

func (d *DB) handle(module string) *Handle {
	h := &Handle{db: d, module: module}
	h.reads, h.keyed, h.every = &pool{handle: h}, &pool{handle: h, scope: driver.Keyed}, &pool{handle: h, scope: driver.Every}
	h.orm = d.orm().Session(&gorm.Session{
		NewDB:   true,
		Context: context.Background(), // gives the session a statement of its own
		Logger:  &queryLog{log: d.log.With("module", module), slow: d.cfg.Slow},
	})
	h.orm.ConnPool, h.orm.Statement.ConnPool = h.reads, h.reads
	return h
}

// newORM opens gorm, without I/O, for all modules: its callbacks take a while to put in order, and what it learns of a type is the same for all.
func (d *DB) newORM() *gorm.DB {
	orm, err := gorm.Open(dialect{Dialector: d.driver.Dialector(&pool{handle: &Handle{db: d}}), db: d}, &gorm.Config{
		SkipDefaultTransaction:   true,
		DisableNestedTransaction: true,
		TranslateError:           true,
		DisableAutomaticPing:     true,
		NowFunc:                  func() time.Time { return clock.Cut(time.Now()) },
	})
	if err == nil {
		err = orm.Callback().Row().Before("gorm:row").Register("banyan:watch", watch)
	}
	if err != nil {
		// Nothing of this does I/O: only a driver that is written wrongly gets here.
		panic(fmt.Sprintf("db: gorm refuses the dialect of driver %s: %v", d.features.Dialect, err))
	}
	return orm
}

// dialect is the engine's dialect with our translation of errors. It leads from a gorm handle back to its database.
type dialect struct {
	gorm.Dialector
	db *DB
}

// Translate is called by gorm for every error that it sees.
func (d dialect) Translate(err error) error { return translate(d.db.driver, err) }

// Explain writes values into a statement, for the log. There never are any, and then it is that statement: engines would read it for nothing.
func (d dialect) Explain(sql string, vars ...any) string {
	if len(vars) == 0 {
		return sql
	}
	return d.Dialector.Explain(sql, vars...)
}

var errForeignHandle = errors.New("this gorm handle does not come from a db.Handle")

// featuresOf returns what the engine of a gorm handle is like, and an error for a handle that does not come from a Handle.
func featuresOf(tx *gorm.DB) (driver.Features, error) {
	d, ok := tx.Dialector.(dialect)
	if !ok {
		return driver.Features{}, errForeignHandle
	}
	return d.db.features, nil
}
