package apptest

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/app"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/ratelimit"
	"github.com/banyan-go/banyan/platform/servertest"
	"github.com/banyan-go/banyan/platform/telemetry"
	"github.com/banyan-go/banyan/platform/unit"
)

// Profile is what stands around an application under test.
type Profile string

// The profiles.
const (
	Single     Profile = "single"     // one process on SQLite
	Postgres   Profile = "postgres"   // one process on PostgreSQL
	Cached     Profile = "cached"     // four processes on PostgreSQL and two Redis servers, for state and for a cache that evicts, which take turns request by request
	Replicated Profile = "replicated" // two processes on the same
)

// processes returns how many an application has.
func (p Profile) processes() int {
	switch p {
	case Cached:
		return 4
	case Replicated:
		return 2
	default:
		return 1
	}
}

// Profiles returns all of them, the one without servers first.
func Profiles() []Profile { return []Profile{Single, Postgres, Cached, Replicated} }

// The environment, as `banyan test` sets it.
const (
	profileVar  = "BANYAN_PROFILE"     // Single where it is not set
	postgresVar = "BANYAN_POSTGRES"    // the address of a PostgreSQL server, as somebody who may make databases
	stateVar    = "BANYAN_REDIS"       // the address of a Redis server for state
	cacheVar    = "BANYAN_REDIS_CACHE" // and of one that evicts; that for state where it is not set
)

// profile returns the one that the tests run under.
func profile(t testing.TB) Profile {
	t.Helper()
	p := Profile(os.Getenv(profileVar))
	switch p {
	case "":
		return Single
	case Single, Postgres, Cached, Replicated:
		return p
	default:
		t.Fatalf("%s is %q: write one of %v", profileVar, p, Profiles())
		panic("unreachable")
	}
}

// settings are those of a profile, with nothing that two tests could share, and what makes their database.
func settings(t testing.TB, p Profile) (cfg app.Config, make fill) {
	t.Helper()
	cfg = app.Default()
	cfg.HTTP.Addr = "127.0.0.1:0"
	cfg.HTTP.OpsAddr = unit.Exactly("127.0.0.1:0")
	cfg.HTTP.Drain = unit.Exactly(time.Duration(0))
	cfg.Limits.Default.Algorithm = ratelimit.Off     // a test asks as often as it likes; the rules of modules hold
	cfg.Telemetry.Logs.Format = telemetry.FormatText // a person reads it, where a test has failed: the stack of a panic above all
	cfg.Files.Dir = unit.Exactly(filepath.Join(folder(t), "files"))
	cfg.Instances = p.processes()
	if p == Single {
		file := filepath.Join(folder(t), "app.db")
		cfg.DB.DSN = "file:" + file
		return cfg, fillFile(cfg.DB, file)
	}
	cfg.DB.Driver = "postgres"
	cfg.DB.Pool.MaxOpen = unit.Exactly(4) // the server is that of many tests
	cfg.DB.DSN, make = newDatabase(t, cfg.DB)
	if p == Cached || p == Replicated {
		withRedis(&cfg, newStores(t))
	}
	return cfg, make
}

// stores are the Redis servers of a test, and its part of them.
type stores struct{ State, Cache, Prefix string }

// newStores returns those of the environment. Without them the test gets its own, and is left out where Redis is not installed.
func newStores(t testing.TB) stores {
	t.Helper()
	s := stores{os.Getenv(stateVar), os.Getenv(cacheVar), "test-" + strings.ToLower(rand.Text())}
	if s.State == "" {
		s.State, s.Cache = servertest.StartRedis(t).URL(), servertest.StartRedis(t, servertest.Evicting()...).URL()
	}
	return s
}

// withRedis sets what a profile with Redis has there.
func withRedis(cfg *app.Config, s stores) {
	cfg.Redis.State, cfg.Redis.Cache, cfg.Redis.Prefix = s.State, s.Cache, s.Prefix
	cfg.Redis.Pool.MaxOpen = unit.Exactly(4) // the servers are those of many tests
	cfg.Redis.Timeout = 2 * time.Second      // and so is the machine
	cfg.Session.Store, cfg.Limits.Store, cfg.Cache.L2.Driver = "redis", "redis", "redis"
}

// folder returns one that is removed when the test ends. That of t.TempDir has the name of the test in it, and with it the "#01" of a second
// subtest of one name, which has no place in the address of a database.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "apptest-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// newDatabase chooses a database that is dropped when the test ends. Without a server in the environment the test gets one of its own, and is
// left out where PostgreSQL is not installed.
func newDatabase(t testing.TB, cfg db.Config) (dsn string, _ fill) {
	t.Helper()
	if s := (server{os.Getenv(postgresVar)}); s.dsn != "" {
		return s.database(t, cfg)
	}
	return servertest.StartPostgres(t).Database(t), func(testing.TB, []db.Migrations) error { return nil }
}

// withDatabase returns the address of another database on the same server.
func withDatabase(dsn, name string) (string, error) {
	if !strings.Contains(dsn, "://") {
		return dsn + " dbname=" + name, nil // the last one counts
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return "", fmt.Errorf("is no address") // its own text holds the password
	}
	u.Path = "/" + name
	return u.String(), nil
}
