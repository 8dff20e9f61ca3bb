package db

import (
	"strconv"
	"time"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/unit"
)

// Config is the section `db`.
type Config struct {
	Driver    string        `config:"driver" doc:"Database engine; one that is compiled in (drivers.go)."`
	DSN       string        `config:"dsn" secret:"true" doc:"Address of the database; for sqlite a file, file:data/app.db for instance."`
	Pool      Pool          `config:"pool"`
	SQLite    SQLite        `config:"sqlite"`
	Postgres  Postgres      `config:"postgres"`
	Statement time.Duration `config:"statement_timeout" doc:"Longest run of one statement, with the reading of its rows; less than http.request_timeout."`
	Instances int           `config:"-"` // processes that share the database, a setting of the whole application; 0 for one
	Budget    int           `config:"query_budget" doc:"Statements that one request may run: more are a warning in mode dev, fail a test, and are counted in every mode; 0 for no limit."`
	Slow      time.Duration `config:"slow" doc:"Statements that take longer are logged; 0 logs none."`
	Guard     Guard         `config:"-"` // chosen by the mode
}

// Pool is the section `db.pool`.
type Pool struct {
	MaxOpen unit.Auto[int] `config:"max_open" doc:"Most connections that read; auto is twice the CPUs, from 4 to 16."`
	Share   unit.Auto[int] `config:"share" doc:"Most of these connections that the requests of one route may have at the same time, those of its transactions included, so that a storm on it leaves the others theirs; auto is half of max_open. A route that holds them long, 10 ms and four times what the quicker routes do, gets half of it."`
	MaxLife time.Duration  `config:"max_life" doc:"How long a connection to a server is used before another one takes its place; 0 for no limit."`
	Wait    time.Duration  `config:"wait" doc:"Longest wait of a transaction or a read for its connection, at most db.statement_timeout; then the request is answered with 503."`
}

// SQLite is the section `db.sqlite`; other engines ignore it.
type SQLite struct {
	BusyTimeout time.Duration `config:"busy_timeout" doc:"Longest wait for a lock that another process holds."`
	Durable     bool          `config:"durable" doc:"Sync the disk at each commit. Without it a commit survives the end of the process, and a loss of power may take the last ones."`
}

// Postgres is the section `db.postgres`; other engines ignore it.
type Postgres struct {
	LockTimeout       time.Duration `config:"lock_timeout" doc:"Longest wait of a statement for a lock that another transaction holds."`
	IdleInTransaction time.Duration `config:"idle_in_transaction" doc:"Longest pause between two statements of a transaction; then the server ends it."`
}

// Default returns the settings that need nothing installed: a SQLite file below the working folder.
func Default() Config {
	return Config{
		Driver:    "sqlite",
		DSN:       "file:data/app.db",
		Pool:      Pool{MaxLife: 30 * time.Minute, Wait: time.Second},
		SQLite:    SQLite{BusyTimeout: time.Second},
		Postgres:  Postgres{LockTimeout: time.Second, IdleInTransaction: 5 * time.Second},
		Statement: 2 * time.Second,
		Budget:    20,
		Slow:      200 * time.Millisecond,
	}
}

// Validate reports settings that contradict each other.
func (c Config) Validate(r *config.Report) {
	if n := c.Pool.MaxOpen.Or(1); n < 1 || n > 1000 {
		r.Add("pool.max_open", c.Pool.MaxOpen.String(), "auto or a number from 1 to 1000")
	}
	if n := c.Pool.Share.Or(1); n < 1 || n > max(1, c.Pool.MaxOpen.Or(1000)) {
		r.Add("pool.share", c.Pool.Share.String(), "auto or a number from 1 to db.pool.max_open, "+c.Pool.MaxOpen.String())
	}
	positive := func(key string, d time.Duration) {
		if d <= 0 {
			r.Add(key, d.String(), "more than 0")
		}
	}
	if c.Pool.MaxLife < 0 {
		r.Add("pool.max_life", c.Pool.MaxLife.String(), "0 or more")
	}
	positive("pool.wait", c.Pool.Wait)
	positive("sqlite.busy_timeout", c.SQLite.BusyTimeout)
	positive("postgres.lock_timeout", c.Postgres.LockTimeout)
	positive("postgres.idle_in_transaction", c.Postgres.IdleInTransaction)
	positive("statement_timeout", c.Statement)
	if c.Statement > 0 && c.Pool.Wait > c.Statement {
		r.Add("pool.wait", c.Pool.Wait.String(), "at most db.statement_timeout, "+c.Statement.String()+", which the wait of a read is part of")
	}
	if c.Budget < 0 {
		r.Add("query_budget", strconv.Itoa(c.Budget), "0 or more")
	}
	if c.Slow < 0 {
		r.Add("slow", c.Slow.String(), "0 or more")
	}
}
