package apptest_test

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/module"
	"github.com/banyan-go/banyan/platform/servertest"
)

// nosy is a module with a table that is divided by key. It counts rows and ignores every error.
type nosy struct {
	db    *db.Handle
	table string
	key   db.Key
}

func (*nosy) Name() string           { return "nosy" }
func (n *nosy) Parts() []module.Part { return []module.Part{n} }
func (*nosy) Migrations() fs.FS {
	table := &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE nosy_rows (bucket INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (bucket, id));\n")}
	return fstest.MapFS{"sqlite/20260101000000_rows.sql": table, "postgres/20260101000000_rows.sql": table}
}

func (n *nosy) Routes() []api.Route {
	return []api.Route{api.Get("/rows", func(ctx context.Context, _ *struct{}) (*count, error) {
		out := &count{}
		n.count(ctx, &out.Body.Rows)
		return out, nil
	}, api.Op{ID: "countNosy", Summary: "Count the rows", Auth: api.Public})}
}

func (n *nosy) count(ctx context.Context, rows *int64) {
	_ = n.db.Query(ctx, n.key).Raw("SELECT count(*) FROM (SELECT * FROM "+n.table+") rows WHERE 'a value' <> ?", "another").Scan(rows).Error
}

// A module that reads another one's table, or its own without the key, fails its test on every engine and in every process, although it ignores
// the error and answers. The test says once for each line of the code which one it is, and what it runs.
func TestWrongTables(t *testing.T) {
	t.Setenv("BANYAN_POSTGRES", servertest.StartPostgres(t).DSN("postgres"))
	for _, c := range []struct {
		name, table string
		key         db.Key
		said        []string
	}{
		{"right", "nosy_rows", db.By("a"), nil},
		{"foreign table", "counter_rows", db.By("a"), []string{db.ErrForeignTable.Error(), "module nosy has used the table counter_rows of module counter"}},
		{"missing key", "nosy_rows", db.Global, []string{db.ErrNoKey.Error(), "module nosy has used the table nosy_rows", "db.By("}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, profile := range apptest.Profiles() {
				t.Run(string(profile), func(t *testing.T) {
					t.Setenv("BANYAN_PROFILE", string(profile))
					r := &recorder{}
					t.Run("the test", func(t *testing.T) {
						r.TB = t
						a := apptest.Run(r, newCounter, func(p module.Platform) (module.Module, error) {
							return &nosy{p.DB.ForModule("nosy"), c.table, c.key}, nil
						}).On(t)
						for range 4 { // of two processes each is asked twice
							a.Get("/api/v1/nosy/rows").Want(200)
						}
						if rows := a.Stored("counter_rows", "id"); len(rows) != 0 {
							t.Errorf("the test itself reads %v", rows)
						}
					})
					if c.said == nil {
						if len(r.said) > 0 {
							t.Errorf("it said %q of what is right", r.said)
						}
						return
					}
					if len(r.said) != 1 {
						t.Fatalf("it said %q, want one failure for the one line", r.said)
					}
					said := r.said[0]
					for _, word := range append(c.said, "GET /api/v1/nosy/rows: ", "\n  SELECT count(*) FROM (SELECT * FROM "+c.table+") rows WHERE ? <> ",
						"\n  at ", "platform/apptest/guard_test.go:", "\n  by ") {
						if !strings.Contains(said, word) {
							t.Errorf("it said %q, want %q in it", said, word)
						}
					}
					if strings.Contains(said, "value") || strings.Contains(said, "another") {
						t.Errorf("it says values: %q", said)
					}
				})
			}
		})
	}
}
