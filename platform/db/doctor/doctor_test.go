package doctor_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/doctor"
	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/migratelint"
	"github.com/banyan-go/banyan/platform/db/postgres"
	"github.com/banyan-go/banyan/platform/db/querystat"
	"github.com/banyan-go/banyan/platform/db/sqlite"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/servertest"
)

const schema = `-- +goose Up
CREATE TABLE blog_posts (
    id        text NOT NULL PRIMARY KEY,
    author_id text NOT NULL,
    title     text NOT NULL,
    rating    integer NOT NULL,
    slug      text NOT NULL
);
CREATE UNIQUE INDEX blog_posts_slug_key ON blog_posts (slug);

-- +goose Down
DROP TABLE blog_posts;
`

// migrations are those of the module blog, and these.
func migrations(more ...doctor.Migration) fstest.MapFS {
	files := fstest.MapFS{}
	for _, dialect := range []string{"sqlite", "postgres"} {
		files[dialect+"/20260101000000_posts.sql"] = &fstest.MapFile{Data: []byte(schema)}
	}
	for _, m := range more {
		files[strings.TrimPrefix(m.File, "modules/blog/migrations/")] = &fstest.MapFile{Data: []byte(m.Text)}
	}
	return files
}

// engines runs a test on a database of each kind.
func engines(t *testing.T, test func(t *testing.T, d *db.DB)) {
	t.Helper()
	for name, dsn := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return "file:" + filepath.Join(t.TempDir(), "app.db") },
		"postgres": func(t *testing.T) string { return servertest.StartPostgres(t).Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := db.Default()
			cfg.Driver, cfg.DSN = name, dsn(t)
			var lc lifecycle.Lifecycle
			d, err := db.New(cfg, db.Drivers{"sqlite": sqlite.Driver{}, "postgres": postgres.Driver{}}, &lc, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			if err := lc.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := lc.Stop(context.WithoutCancel(t.Context())); err != nil {
					t.Error(err)
				}
			})
			test(t, d)
		})
	}
}

func migrate(t *testing.T, d *db.DB, files fs.FS) {
	t.Helper()
	m, err := d.Migrator([]db.Migrations{{Module: "blog", Files: files}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// ran are statistics of these shapes, each of which ran twice for a second and read ten rows a time.
func ran(shapes ...string) querystat.Snapshot {
	snap := querystat.Snapshot{Since: time.Now()}
	for i, s := range shapes {
		snap.Queries = append(snap.Queries, querystat.QueryStat{
			Shape: s, Origin: fmt.Sprintf("GET /%d", i), Calls: 2, Runs: 2, Most: 1, Seconds: 2, Slowest: 1, Rows: 20, At: []string{"modules/blog/store.go:7"},
		})
	}
	return snap
}

func examine(t *testing.T, snap querystat.Snapshot, o doctor.Options) doctor.Report {
	t.Helper()
	o.Now, o.Modules = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), []string{"blog"}
	r, err := doctor.Examine(t.Context(), snap, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// said are the findings of a check.
func said(r doctor.Report, check doctor.Check) (what []string) {
	for _, f := range r.Findings {
		if f.Check == check {
			what = append(what, f.What)
		}
	}
	slices.Sort(what)
	return what
}

// The index that is proposed for a statement is one that the engine takes, whose migrations pass the linter, and with which the statement needs none.
func TestIndex(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *db.DB) {
		migrate(t, d, migrations())
		snap := ran(
			`SELECT * FROM "blog_posts" WHERE author_id = ? ORDER BY "blog_posts"."title" DESC,"blog_posts"."id" DESC LIMIT ?`,
			`SELECT count(*) FROM blog_posts WHERE author_id = ?`,
			`SELECT * FROM blog_posts AS p WHERE p.rating > ? LIMIT ?`,
			`SELECT * FROM blog_posts ORDER BY rating DESC, id LIMIT ?`,
			`SELECT * FROM blog_posts WHERE slug = ? LIMIT ?`,
			`SELECT * FROM blog_posts WHERE id IN (?)`,
			`SELECT * FROM blog_posts WHERE title LIKE ? ESCAPE ? ORDER BY id LIMIT ?`,
			`SELECT * FROM blog_posts WHERE title = ? OR rating = ? LIMIT ?`,
			`SELECT * FROM blog_posts WHERE slug > ? ORDER BY title, id LIMIT ?`,
			`SELECT * FROM blog_posts WHERE title IS NULL ORDER BY id LIMIT ?`,
			`INSERT INTO blog_posts (id) VALUES (?)`,
			`SELECT nonsense FROM nowhere LIMIT ?`,
		)
		r := examine(t, snap, doctor.Options{Explain: d.Explain})
		want := []string{
			"blog_posts (author_id, title, id) is missing: 17 % of the time of all statements",
			"blog_posts (rating DESC, id) is missing: 17 % of the time of all statements",
			"blog_posts (title, id) would spare a sort: 8 % of the time of all statements",
		}
		if got := said(r, doctor.Index); !slices.Equal(got, want) {
			t.Fatalf("missing are %q, want %q\n%+v", got, want, r)
		}
		if len(r.Unexplained) != 1 || !strings.HasPrefix(r.Unexplained[0], "SELECT nonsense FROM nowhere LIMIT ?: ") || r.Shapes != len(snap.Queries) {
			t.Errorf("%d shapes, without a plan %q", r.Shapes, r.Unexplained)
		}
		var more []doctor.Migration
		for i, f := range r.Findings {
			for _, m := range f.Migrations { // one after the other, as somebody would write them
				m.File = strings.Replace(m.File, "/20261126120000_", fmt.Sprintf("/2026112612000%d_", i), 1)
				more = append(more, m)
			}
		}
		files := migrations(more...)
		if len(files) != 2+2*len(want) {
			t.Errorf("the migrations are %+v", more)
		}
		findings, err := migratelint.Check("blog", files)
		if err != nil || len(findings) > 0 {
			t.Errorf("the linter finds %v, error %v", findings, err)
		}
		migrate(t, d, files)
		if got := said(examine(t, snap, doctor.Options{Explain: d.Explain}), doctor.Index); len(got) > 0 {
			t.Errorf("and still missing are %q", got)
		}
	})
}

func TestMigrations(t *testing.T) {
	t.Parallel()
	scan := doctor.Options{Explain: func(context.Context, string) (driver.Plan, error) { return driver.Plan{Scans: []string{"p"}}, nil }}
	r := examine(t, ran(`SELECT * FROM blog_posts AS p WHERE p.bucket = ? AND p."Order" = ? ORDER BY p.title DESC, p.rating LIMIT ?`), scan)
	if len(r.Findings) != 1 {
		t.Fatalf("%+v", r)
	}
	want := []doctor.Migration{
		{
			"modules/blog/migrations/sqlite/20261126120000_posts_bucket_Order_title_rating_idx.sql",
			"-- +goose Up\nCREATE INDEX blog_posts_bucket_Order_title_rating_idx ON blog_posts (bucket, \"Order\", title DESC, rating);\n\n" +
				"-- +goose Down\nDROP INDEX blog_posts_bucket_Order_title_rating_idx;\n",
		},
		{
			"modules/blog/migrations/postgres/20261126120000_posts_bucket_Order_title_rating_idx.sql",
			"-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY IF NOT EXISTS blog_posts_bucket_Order_title_rating_idx ON blog_posts (bucket, \"Order\", title DESC, rating);\n\n" +
				"-- +goose Down\nDROP INDEX CONCURRENTLY IF EXISTS blog_posts_bucket_Order_title_rating_idx;\n",
		},
	}
	if got := r.Findings[0].Migrations; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if r := examine(t, ran(`SELECT * FROM other_things AS p WHERE p.a = ? LIMIT ?`), scan); len(r.Findings) != 1 || len(r.Findings[0].Migrations) > 0 {
		t.Errorf("a table that is nobody's: %+v", r)
	}
}

func TestUnbounded(t *testing.T) {
	t.Parallel()
	for shape, found := range map[string]bool{
		`SELECT * FROM blog_posts`:                                                                                     true,
		`SELECT * FROM blog_posts WHERE author_id = ? ORDER BY id`:                                                     true,
		`SELECT author_id, count(*) FROM blog_posts GROUP BY author_id`:                                                true,
		`SELECT author_id, count(*) FROM blog_posts WHERE author_id IN (?) GROUP BY author_id ORDER BY author_id`:      false,
		`SELECT p.author_id, count(*) FROM blog_posts AS p WHERE p.author_id IN (?) GROUP BY p.author_id HAVING ? > ?`: false,
		`SELECT author_id, bucket FROM blog_posts WHERE author_id IN (?) GROUP BY author_id, bucket`:                   true,
		`SELECT lower(author_id), count(*) FROM blog_posts WHERE author_id IN (?) GROUP BY lower(author_id)`:           true,
		`SELECT author_id, count(*) FROM blog_posts WHERE author_id IN (?) OR bucket = ? GROUP BY author_id`:           true,
		`SELECT * FROM blog_posts WHERE id > ? AND title IN (SELECT ?)`:                                                true,
		`SELECT * FROM blog_posts LIMIT ?`:                                                                             false,
		`SELECT * FROM blog_posts FETCH FIRST ? ROWS ONLY`:                                                             false,
		`SELECT * FROM blog_posts WHERE bucket = ? AND id = ?`:                                                         false,
		`SELECT * FROM "blog_posts" WHERE "blog_posts"."id" IN (?)`:                                                    false,
		`SELECT count(*) FROM "blog_posts" WHERE author_id = ?`:                                                        false,
		`SELECT EXISTS (SELECT ? FROM blog_posts WHERE author_id = ?)`:                                                 false,
		`UPDATE blog_posts SET title = ?`:                                                                              false,
		`SELECT ?`:                                                                                                     false,
		`SELECT * FROM blog_posts WHERE id IN (SELECT id FROM x LIMIT ?)`:                                              false,
		`SELECT * FROM blog_posts WHERE author_id = (SELECT a FROM x LIMIT ?)`:                                         true,
	} {
		r := examine(t, ran(shape), doctor.Options{})
		if got := len(r.Findings) == 1 && r.Findings[0].Check == doctor.Unbounded; got != found || len(r.Findings) > 1 {
			t.Errorf("%s: %+v", shape, r.Findings)
		}
	}
	if got := said(examine(t, ran(`SELECT * FROM blog_posts`), doctor.Options{}), doctor.Unbounded); got[0] != "blog_posts is read without a LIMIT: 10 rows a time so far" {
		t.Errorf("it says %q", got)
	}
}

func TestRepeatedSlowAndBudget(t *testing.T) {
	t.Parallel()
	snap := ran(`SELECT * FROM blog_posts WHERE id = ? LIMIT ?`, `SELECT ?`)
	snap.Queries[0].Most = querystat.RepeatLimit + 1
	snap.Queries[1].Seconds = 3
	snap.Budget = 20
	snap.Origins = []querystat.OriginStat{{Origin: "GET /0", Most: 21}, {Origin: "GET /1", Most: 20}}
	r := examine(t, snap, doctor.Options{Slow: 1500 * time.Millisecond})
	var got []string
	for _, f := range r.Findings {
		got = append(got, fmt.Sprintln(f.Check, f.Fails, f.What, f.Routes, f.Share))
	}
	want := []string{
		"n+1 true GET /0 runs one statement up to 3 times in a request [GET /0] 0.4\n",
		"slow false a statement takes 1.5s on average, 2 times so far [GET /1] 0.6\n",
		"budget false GET /0 runs up to 21 statements in a request, and db.query_budget is 20 [GET /0] 0\n",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	snap.Queries[0].Most, snap.Queries[1].Seconds, snap.Budget = querystat.RepeatLimit, 2, 0
	if r := examine(t, snap, doctor.Options{Slow: 1500 * time.Millisecond}); len(r.Findings) > 0 {
		t.Errorf("nothing is wrong, and it finds %+v", r.Findings)
	}
}

func TestExamineEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := doctor.Examine(ctx, ran(`SELECT a FROM b LIMIT ?`), doctor.Options{Explain: func(ctx context.Context, _ string) (driver.Plan, error) {
		cancel()
		return driver.Plan{}, ctx.Err()
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
