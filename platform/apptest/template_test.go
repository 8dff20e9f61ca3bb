package apptest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/banyan-go/banyan/platform/app"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/servertest"
)

// shop is the migrations of a module, one for each table.
func shop(tables ...string) []db.Migrations {
	files := fstest.MapFS{}
	for i, table := range tables {
		text := fmt.Sprintf("-- +goose Up\nCREATE TABLE shop_%[1]s (n bigint NOT NULL PRIMARY KEY);\nINSERT INTO shop_%[1]s VALUES (1);\n-- +goose Down\nDROP TABLE shop_%[1]s;\n", table)
		for _, dialect := range []string{"sqlite", "postgres"} {
			files[fmt.Sprintf("%s/2026010%d000000_%s.sql", dialect, i+1, table)] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return []db.Migrations{{Module: "shop", Files: files}}
}

// pending opens a database and says how many migrations it lacks.
func pending(t testing.TB, cfg db.Config, sets []db.Migrations) (n int) {
	t.Helper()
	err := opened(t.Context(), cfg, sets, func(m *db.Migrator) error {
		all, err := m.Status(t.Context())
		for _, mig := range all {
			if mig.State != db.Applied {
				n++
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return n
}

// A database of a test is there with every migration, and belongs to that test alone.
func TestDatabaseIsFilledFromATemplate(t *testing.T) {
	t.Parallel()
	for _, p := range []Profile{Single, Postgres} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			place := places(t, p)
			sets := shop("a", "b")
			for range 2 {
				cfg, fill := place(t)
				if err := fill(t, sets); err != nil {
					t.Fatal(err)
				}
				if n := pending(t, cfg, sets); n != 0 {
					t.Errorf("%d migrations are pending", n)
				}
				pools := openDatabase(t, cfg)
				if _, err := pools.Write.ExecContext(t.Context(), "INSERT INTO shop_a VALUES (2)"); err != nil { // which is in no other one
					t.Error(err)
				}
			}
		})
	}
}

// Several programs of tests make one template, which is whole; one of other files takes the place of an older one. The databases go with their
// tests.
func TestTemplatesOfPostgres(t *testing.T) {
	t.Parallel()
	s := server{servertest.StartPostgres(t, "max_connections=200").DSN("postgres")}
	names := func() (all []string) {
		t.Helper()
		c, hangUp, err := s.connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all, err = texts(t.Context(), c, "SELECT datname FROM pg_database WHERE datname <> 'postgres' AND datname NOT LIKE 'template_' ORDER BY 1")
		if err := errors.Join(err, hangUp()); err != nil {
			t.Fatal(err)
		}
		return all
	}
	t.Run("test", func(t *testing.T) {
		var programs sync.WaitGroup
		for range 6 {
			cfg, fill := s.place(t)
			programs.Go(func() {
				if err := fill(t, shop("a")); err != nil {
					t.Error(err)
				}
				if n := pending(t, cfg, shop("a")); n != 0 {
					t.Errorf("%d migrations are pending", n)
				}
			})
		}
		programs.Wait()
	})
	first := names()
	if len(first) != 1 || !strings.HasPrefix(first[0], "banyan_template_") {
		t.Errorf("the databases %q are left, want one template", first)
	}
	t.Run("other files", func(t *testing.T) {
		cfg, fill := s.place(t)
		if err := fill(t, shop("a", "b")); err != nil {
			t.Fatal(err)
		}
		if n := pending(t, cfg, shop("a", "b")); n != 0 {
			t.Errorf("%d migrations are pending", n)
		}
	})
	if second := names(); len(second) != 1 || slices.Equal(second, first) {
		t.Errorf("the databases %q are left, want another template than %q", second, first)
	}
}

// A migration that fails is told, and leaves no template that others would take for whole.
func TestTemplateOfAMigrationThatFails(t *testing.T) {
	t.Parallel()
	for _, p := range []Profile{Single, Postgres} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			place := places(t, p)
			for range 2 {
				_, fill := place(t)
				if err := fill(t, shop("c", "c")); err == nil || !strings.Contains(err.Error(), "shop_c") {
					t.Errorf("it is filled: %v", err)
				}
			}
		})
	}
}

// places returns what makes the databases of a profile, on one server.
func places(t testing.TB, p Profile) func(t testing.TB) (db.Config, fill) {
	t.Helper()
	if p == Postgres {
		return server{servertest.StartPostgres(t).DSN("postgres")}.place
	}
	return func(t testing.TB) (db.Config, fill) {
		cfg, fill := settings(t, Single)
		return cfg.DB, fill
	}
}

func (s server) place(t testing.TB) (db.Config, fill) {
	cfg := app.Default().DB
	cfg.Driver = "postgres"
	var fill fill
	cfg.DSN, fill = s.database(t, cfg)
	return cfg, fill
}

// openDatabase opens a database without a door.
func openDatabase(t testing.TB, cfg db.Config) driver.Pools {
	t.Helper()
	pools, err := open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(pools.Health.Close(), pools.Read.Close(), pools.Write.Close()); err != nil {
			t.Error(err)
		}
	})
	return pools
}

// How long a fresh database takes, from its name to the first answer and back to nothing.
func BenchmarkFreshDatabase(b *testing.B) {
	for _, p := range []Profile{Single, Postgres} {
		b.Run(string(p), func(b *testing.B) {
			place := places(b, p)
			files := os.DirFS(filepath.Join("..", "..", "modules", "catalog", "migrations"))
			sets := []db.Migrations{{Module: "catalog", Files: files}}
			var filling time.Duration
			one := func() {
				t := &oneTest{TB: b}
				began := time.Now()
				cfg, fill := place(t)
				if err := fill(t, sets); err != nil {
					b.Fatal(err)
				}
				filling += time.Since(began)
				if n := pending(t, cfg, sets); n != 0 {
					b.Fatal(n)
				}
				t.end()
			}
			one() // makes the template
			filling = 0
			for b.Loop() {
				one()
			}
			b.ReportMetric(float64(filling.Nanoseconds())/float64(b.N), "ns/fill")
		})
	}
}

// oneTest is a test that ends within a benchmark.
type oneTest struct {
	testing.TB
	cleanups []func()
}

func (t *oneTest) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }

func (t *oneTest) end() {
	for _, f := range slices.Backward(t.cleanups) {
		f()
	}
}
