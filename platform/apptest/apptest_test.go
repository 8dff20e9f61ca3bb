package apptest_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/module"
)

// counter is a module with one row for each time that it was seeded.
type counter struct{ db *db.Handle }

func newCounter(p module.Platform) (module.Module, error) {
	return &counter{p.DB.ForModule("counter")}, nil
}

func (*counter) Name() string           { return "counter" }
func (c *counter) Parts() []module.Part { return []module.Part{c} }
func (*counter) Migrations() fs.FS {
	return fstest.MapFS{
		"sqlite/20260101000000_rows.sql":   &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE counter_rows (id INTEGER PRIMARY KEY);\n")},
		"postgres/20260101000000_rows.sql": &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE counter_rows (id serial PRIMARY KEY);\n")},
	}
}

type count struct {
	Body struct {
		Rows int64 `json:"rows"`
	}
}

func (c *counter) Routes() []api.Route {
	return []api.Route{api.Get("/rows", func(ctx context.Context, _ *struct{}) (*count, error) {
		out := &count{}
		return out, c.db.Query(ctx, db.Global).Table("counter_rows").Count(&out.Body.Rows).Error
	}, api.Op{ID: "countRows", Summary: "Count the rows", Auth: api.Public})}
}

func (c *counter) Seed(ctx context.Context, n int) error {
	return c.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		for range n {
			if err := c.db.Query(ctx, db.Global).Exec("INSERT INTO counter_rows DEFAULT VALUES").Error; err != nil {
				return err
			}
		}
		return nil
	})
}

const rowsPath = "/api/v1/counter/rows"

// An application of a test is ready, migrated and empty, and shares nothing with the one beside it.
func TestApplicationsAreApart(t *testing.T) {
	t.Parallel()
	one, two := apptest.Run(t, newCounter), apptest.Run(t, newCounter)
	for _, a := range []*apptest.App{one, two} {
		a.Get("/readyz").Want(200)
		a.Get(rowsPath).Want(200).WantAt("/rows", "0")
		apptest.At(t, a.OpsURL).Get("/readyz").Want(200).WantAt("/checks/migrations", `"ok"`)
	}
	if one.URL == two.URL || one.OpsURL == two.OpsURL || one.URL == one.OpsURL {
		t.Errorf("addresses: %s %s, %s %s", one.URL, one.OpsURL, two.URL, two.OpsURL)
	}
	one.Seed(3)
	one.Get(rowsPath).WantAt("/rows", "3")
	two.Get(rowsPath).WantAt("/rows", "0")
	if log := one.Log(); strings.Count(log, rowsPath) != 2*2 { // path and route
		t.Errorf("the log holds %s", log)
	}
}

func TestSubtests(t *testing.T) {
	t.Parallel()
	a := apptest.Run(t, newCounter)
	for range 2 { // the second one is "name#01"
		t.Run("name", func(t *testing.T) {
			t.Parallel()
			apptest.Run(t, newCounter).Get(rowsPath).Want(200)
			a := a.On(t)
			a.Get(rowsPath).Want(200)
			t.Cleanup(func() { a.Get(rowsPath).Want(200) }) // where the context of the test has ended
		})
	}
}

// An application ends with its test. (TestMain sees whether something of it is left.)
func TestApplicationsEndWithTheirTests(t *testing.T) {
	t.Parallel()
	stopped := false
	t.Run("the test", func(t *testing.T) {
		apptest.Run(t, func(p module.Platform) (module.Module, error) {
			p.Lifecycle.Append(lifecycle.Hook{Name: "x", Stop: func(context.Context) error { stopped = true; return nil }})
			return newCounter(p)
		})
	})
	if !stopped {
		t.Error("what a module has started was not stopped")
	}
}

// The stack of a panic can be read in the log of a test that failed.
func TestLogOfAPanic(t *testing.T) {
	t.Parallel()
	a := apptest.Run(t, func(p module.Platform) (module.Module, error) {
		return &counter{nil}, nil
	})
	a.Get(rowsPath).WantProblem(500, "internal")
	if log := a.Log(); !strings.Contains(log, "\n    stack:\n") || !strings.Contains(log, ".(*counter).Routes.func1(") {
		t.Errorf("the log is\n%s", log)
	}
}

// failing is a module with one operation, whose error no document tells of.
type failing struct{ counter }

func (*failing) Parts() []module.Part { return []module.Part{&failing{}} }
func (*failing) Routes() []api.Route {
	return []api.Route{api.Get("/rows", func(context.Context, *struct{}) (*count, error) {
		return nil, fault.New(fault.Conflict, "too_late", "It is too late.")
	}, api.Op{ID: "countRows", Summary: "Count the rows", Auth: api.Public})}
}

// An error that its operation does not declare fails the test that meets it.
func TestErrorThatIsNotDeclared(t *testing.T) {
	t.Setenv("BANYAN_PROFILE", string(apptest.Single)) // several instances say so at the end: TestLogOfInstances
	r := &recorder{TB: t}
	a := apptest.Run(r, func(module.Platform) (module.Module, error) { return &failing{}, nil })
	a.On(t).Get(rowsPath).WantProblem(409, "too_late")
	if want := "countRows answers too_late, which no document tells of: name the error in the Op.Errors of its route"; strings.Join(r.said, "\n") != want {
		t.Errorf("it said %q, want %q", r.said, want)
	}
}

// What is wrong with an application fails its test.
func TestApplicationsThatDoNotRun(t *testing.T) {
	t.Parallel()
	hooked := func(h lifecycle.Hook) apptest.Builder {
		return func(p module.Platform) (module.Module, error) {
			p.Lifecycle.Append(h)
			return newCounter(p)
		}
	}
	boom := func(context.Context) error { return errors.New("boom") }
	for name, c := range map[string]struct {
		build []apptest.Builder
		said  string
	}{
		"a module that is not built":   {[]apptest.Builder{func(module.Platform) (module.Module, error) { return nil, errors.New("boom") }}, "boom"},
		"two modules at one place":     {[]apptest.Builder{newCounter, newCounter}, "countRows"},
		"a module that does not start": {[]apptest.Builder{hooked(lifecycle.Hook{Name: "x", Start: boom})}, "start the application: start modules: start x: boom"},
		"a module that does not stop":  {[]apptest.Builder{hooked(lifecycle.Hook{Name: "x", Stop: boom})}, "stop the application: stop modules: stop x: boom"},
	} {
		r := &recorder{}
		t.Run(name, func(t *testing.T) {
			r.TB = t
			done := make(chan struct{})
			go func() {
				defer close(done)
				apptest.Run(r, c.build...)
			}()
			<-done
		}) // and its cleanup
		if said := strings.Join(r.said, "\n"); !strings.Contains(said, c.said) {
			t.Errorf("%s: it said %q, want %q", name, said, c.said)
		}
	}
}

// What only an application in this process can do fails the test for every other.
func TestOtherProcesses(t *testing.T) {
	t.Parallel()
	a := apptest.At(t, apptest.Run(t, newCounter).URL)
	a.Get(rowsPath).Want(200)
	if said := failures(t, a, func(a *apptest.App) { a.Seed(1) }); !strings.Contains(said, "db seed") {
		t.Errorf("seed: %q", said)
	}
	if said := failures(t, a, func(a *apptest.App) { a.Log() }); !strings.Contains(said, "in another process") {
		t.Errorf("log: %q", said)
	}
}
