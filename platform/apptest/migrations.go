package apptest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/app"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/servertest"
)

// Migrations proves the migrations of every module below a folder, "modules" for instance: they can be applied, taken back to nothing and applied
// again, and both engines then have the same tables, columns, keys, indexes and uniqueness. It proves that on SQLite, and on PostgreSQL where that
// is installed. What the comment `-- banyan:allow dialect-parity` allows may differ, and a file without a section Down ends the way back.
func Migrations(t *testing.T, folder string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "*", "migrations"))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		return
	}
	schemas := map[string][]part{} // on SQLite, by module
	t.Run("sqlite", func(t *testing.T) {
		for _, dir := range found {
			t.Run(moduleOf(dir), func(t *testing.T) {
				cfg, _ := settings(t, Single)
				if schema := prove(t, cfg.DB, dir); !t.Failed() {
					schemas[moduleOf(dir)] = schema
				}
			})
		}
	})
	t.Run("postgres", func(t *testing.T) {
		s := server{os.Getenv(postgresVar)}
		if s.dsn == "" {
			s.dsn = servertest.StartPostgres(t).DSN("postgres")
		}
		for _, dir := range found {
			t.Run(moduleOf(dir), func(t *testing.T) {
				cfg := app.Default().DB
				cfg.Driver = "postgres"
				cfg.DSN = s.empty(t)
				schema := prove(t, cfg, dir)
				other, proved := schemas[moduleOf(dir)]
				if t.Failed() || !proved { // on SQLite it failed, or was not run
					return
				}
				for _, what := range differences(other, schema, allowed(t, dir)) {
					t.Errorf("%s", what)
				}
			})
		}
	})
}

// moduleOf returns the module whose folder of migrations this is.
func moduleOf(dir string) string { return filepath.Base(filepath.Dir(dir)) }

// prove applies migrations, takes them back and applies them again, and returns the schema.
func prove(t *testing.T, cfg db.Config, dir string) (schema []part) {
	t.Helper()
	schema, wrong := wayBack(t.Context(), cfg, dir)
	for _, what := range wrong {
		t.Errorf("%s", what)
	}
	return schema
}

// wayBack is what prove does with an empty database, and returns what is wrong.
func wayBack(ctx context.Context, cfg db.Config, dir string) (first []part, wrong []string) {
	module := moduleOf(dir)
	sets := []db.Migrations{{Module: module, Files: os.DirFS(dir)}}
	at := func(what string, do func(m *db.Migrator) error) (schema []part) {
		err := opened(ctx, cfg, sets, do)
		if err == nil {
			schema, err = schemaOf(ctx, cfg)
		}
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%s: %v", what, err))
		}
		return schema
	}
	up := func(m *db.Migrator) error {
		_, err := m.Up(ctx)
		return err
	}
	oneWay := false
	if first = at("up", up); len(wrong) > 0 {
		return nil, wrong
	}
	none := at("down", func(m *db.Migrator) error {
		if len(m.Files()) == 0 {
			return nil
		}
		_, err := m.DownTo(ctx, module, 0)
		if oneWay = errors.Is(err, db.ErrOneWay); oneWay {
			return nil
		}
		return err
	})
	if left := lines(none); len(left) > 0 && !oneWay && len(wrong) == 0 {
		wrong = append(wrong, "down leaves behind\n  "+strings.Join(left, "\n  "))
	}
	if len(wrong) > 0 {
		return first, wrong
	}
	again := at("up after down", up)
	gone, came := without(lines(first), lines(again)), without(lines(again), lines(first))
	if len(wrong) == 0 && len(gone)+len(came) > 0 {
		wrong = append(wrong, fmt.Sprintf("up after down makes another schema, without\n  %s\nand with\n  %s", strings.Join(gone, "\n  "), strings.Join(came, "\n  ")))
	}
	return first, wrong
}

// differences returns what one engine has and the other has not.
func differences(sqlite, postgres []part, allowed string) (all []string) {
	for _, c := range []struct {
		engine string
		parts  []string
	}{
		{"PostgreSQL", without(words(sqlite), words(postgres))},
		{"SQLite", without(words(postgres), words(sqlite))},
	} {
		for _, p := range c.parts {
			if !mentions(allowed, p) {
				all = append(all, c.engine+" has no "+p)
			}
		}
	}
	return all
}

// mentions reports whether a text has the name of a part, or that of the table whose part it is.
func mentions(text, p string) bool {
	kind, rest, _ := strings.Cut(p, " ")
	if kind == "unique" {
		_, rest, _ = strings.Cut(rest, " ")
	}
	name, _, _ := strings.Cut(strings.TrimLeft(rest, "("), " ")
	isName := func(r rune) bool {
		return r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	return slices.Contains(strings.FieldsFunc(text, func(r rune) bool { return !isName(r) }), strings.TrimRight(name, "),"))
}

// allowed returns the text of the statements, or the files, whose difference from the other engine a comment allows.
func allowed(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".sql" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		const mark = "banyan:allow dialect-parity "
		header, body, _ := strings.Cut(string(data), "+goose Up")
		if strings.Contains(header, mark) {
			all.Write(data)
		}
		for statement := range strings.SplitSeq(body, ";\n") {
			if strings.Contains(statement, mark) {
				all.WriteString(statement)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// open opens a database without a door.
func open(ctx context.Context, cfg db.Config) (driver.Pools, error) {
	return drivers()[cfg.Driver].Open(ctx, driver.Options{DSN: cfg.DSN, Wait: time.Minute})
}
