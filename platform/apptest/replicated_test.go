package apptest_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/module"
	"github.com/banyan-go/banyan/platform/servertest"
)

// forgetful is a module that keeps its rows where another instance of the application does not find them.
type forgetful struct {
	counter
	add  func() error
	rows func() int64
}

func (f *forgetful) Parts() []module.Part { return []module.Part{f} }

func (f *forgetful) Routes() []api.Route {
	return []api.Route{
		api.Get("/rows", func(context.Context, *struct{}) (*count, error) {
			out := &count{}
			out.Body.Rows = f.rows()
			return out, nil
		}, api.Op{ID: "countRows", Summary: "Count the rows", Auth: api.Public}),
		api.Get("/add", func(context.Context, *struct{}) (*count, error) { return &count{}, f.add() }, api.Op{ID: "addRow", Summary: "Add a row", Auth: api.Public}),
		api.Get("/undeclared", func(context.Context, *struct{}) (*count, error) {
			return nil, fault.New(fault.Conflict, "too_late", "It is too late.")
		}, api.Op{ID: "fail", Summary: "Fail", Auth: api.Public}),
	}
}

var inMemory int64 // the mistake that the test is about

// What an instance keeps to itself another one does not know: a package-level variable, a file in the working folder, a temporary file. So a
// test that passes with one process, and that nobody has changed, fails with several.
func TestInstancesShareTheDatabaseAlone(t *testing.T) {
	lines := func(file string) (add func() error, rows func() int64) {
		add = func() error {
			f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			if err != nil {
				return err
			}
			_, err = f.WriteString("row\n")
			return errors.Join(err, f.Close())
		}
		rows = func() int64 {
			data, _ := os.ReadFile(file)
			return int64(strings.Count(string(data), "\n"))
		}
		return add, rows
	}
	t.Setenv("BANYAN_POSTGRES", servertest.StartPostgres(t).DSN("postgres"))
	for name, build := range map[string]apptest.Builder{
		"variable": func(p module.Platform) (module.Module, error) {
			return &forgetful{counter{p.DB.ForModule("counter")}, func() error { inMemory++; return nil }, func() int64 { return inMemory }}, nil
		},
		"file": func(p module.Platform) (module.Module, error) {
			add, rows := lines("rows.txt")
			return &forgetful{counter{p.DB.ForModule("counter")}, add, rows}, nil
		},
		"temporary file": func(p module.Platform) (module.Module, error) {
			add, rows := lines(filepath.Join(os.TempDir(), "rows.txt"))
			return &forgetful{counter{p.DB.ForModule("counter")}, add, rows}, nil
		},
		"database": nil,
	} {
		t.Run(name, func(t *testing.T) {
			for _, profile := range []apptest.Profile{apptest.Single, apptest.Replicated} {
				t.Run(string(profile), func(t *testing.T) {
					inMemory = 0
					t.Chdir(t.TempDir())
					t.Setenv("TMPDIR", t.TempDir())
					t.Setenv("BANYAN_PROFILE", string(profile))
					if build == nil {
						a := apptest.Run(t, newCounter)
						a.Seed(2)
						a.Get(rowsPath).WantAt("/rows", "2")
						a.Get(rowsPath).WantAt("/rows", "2")
						return
					}
					a := apptest.Run(t, build)
					a.Get("/api/v1/counter/add").Want(200)
					kept := failures(t, a, func(a *apptest.App) { a.Get(rowsPath).WantAt("/rows", "1") }) == ""
					if want := profile == apptest.Single; kept != want {
						t.Errorf("the next request finds the row: %v, want %v", kept, want)
					}
				})
			}
		})
	}
}

// The log is that of all instances, and so are errors that no document tells of.
func TestLogOfInstances(t *testing.T) {
	t.Setenv("BANYAN_PROFILE", string(apptest.Replicated))
	r := &recorder{TB: t}
	t.Run("the test", func(t *testing.T) {
		r.TB = t
		a := apptest.Run(r, func(p module.Platform) (module.Module, error) {
			return &forgetful{counter{p.DB.ForModule("counter")}, nil, func() int64 { return 0 }}, nil
		}).On(t)
		for range 4 {
			a.Get(rowsPath).Want(200)
		}
		if n := strings.Count(a.Log(), "GET "+rowsPath); n != 4 {
			t.Errorf("%d lines of 4 requests in\n%s", n, a.Log())
		}
		for range 2 {
			a.Get("/api/v1/counter/undeclared").WantProblem(409, "too_late")
		}
	})
	if n := strings.Count(strings.Join(r.said, "\n"), "fail answers too_late"); n != 2 {
		t.Errorf("it said %q, want an error of each instance", r.said)
	}
}
