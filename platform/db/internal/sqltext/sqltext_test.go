package sqltext_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/db/internal/sqltext"
)

func TestShape(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"parameters":            {`SELECT * FROM t WHERE a = $1 AND b = ? AND c = ?12 AND d = :name AND e = @name`, `SELECT * FROM t WHERE a = ? AND b = ? AND c = ? AND d = ? AND e = ?`},
		"literals":              {`SELECT 1, 2.5, .5, 1e9, 0xff, 'it''s', E'a\'b', $$a 'b'$$, $x$a$$b$x$ FROM t`, `SELECT ?, ?, ?, ?, ?, ?, ?, ?, ? FROM t`},
		"names with digits":     {`SELECT t1.a2 FROM "t 1" AS t1`, `SELECT t1.a2 FROM "t 1" AS t1`},
		"a limit":               {`SELECT * FROM t LIMIT 51`, `SELECT * FROM t LIMIT ?`},
		"a list":                {`SELECT * FROM t WHERE id IN (?,?, ?) AND x in ($1)`, `SELECT * FROM t WHERE id IN (?) AND x in (?)`},
		"a list of tuples":      {`DELETE FROM t WHERE (a, b) IN ((?,?),(?,?))`, `DELETE FROM t WHERE (a, b) IN ((?,?))`},
		"a sub-select":          {`SELECT * FROM t WHERE id IN (SELECT x FROM u WHERE y IN (1,2))`, `SELECT * FROM t WHERE id IN (SELECT x FROM u WHERE y IN (?))`},
		"rows":                  {`INSERT INTO t (a,b) VALUES (?,lower(?)),(?,lower(?)) RETURNING id`, `INSERT INTO t (a,b) VALUES (?,lower(?)) RETURNING id`},
		"a tuple":               {`SELECT * FROM t WHERE (a, id) > (?, ?)`, `SELECT * FROM t WHERE (a, id) > (?, ?)`},
		"blanks and comments":   {"  SELECT /* why */ *\n\tFROM t -- all\n WHERE a=1", `SELECT * FROM t WHERE a=?`},
		"a cast":                {`SELECT a::text, '1'::int FROM t`, `SELECT a::text, ?::int FROM t`},
		"quotes in a name":      {`SELECT "a""b", ` + "`c`" + ` FROM t`, `SELECT "a""b", ` + "`c`" + ` FROM t`},
		"a string with no end":  {`SELECT 'a`, `SELECT ?`},
		"a comment with no end": {`SELECT a /* b`, `SELECT a`},
		"a list with no end":    {`SELECT a IN (?, ?`, `SELECT a IN (?`},
		"rows with no end":      {`INSERT INTO t VALUES (?, (?`, `INSERT INTO t VALUES (?, (?`},
		"a lone quote":          {`SELECT "`, `SELECT "`},
		"nothing":               {"", ""},
	} {
		got := sqltext.Shape(c.text)
		if got != c.want {
			t.Errorf("%s: %s\nwant %s", name, got, c.want)
		}
		if again := sqltext.Shape(got); again != got {
			t.Errorf("%s: the shape of its shape is %s", name, again)
		}
	}
}

func TestVerbAndTables(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`SELECT * FROM a`: "SELECT a",
		`select x.* from "s"."a" x, b AS y, c LEFT JOIN d ON d.id = x.id`:                    "SELECT a b c d",
		"SELECT * FROM `a` WHERE id IN (SELECT id FROM `b`) AND x IS NOT DISTINCT FROM ?":    "SELECT a b",
		`SELECT * FROM a WHERE id = ? FOR UPDATE`:                                            "SELECT a",
		`INSERT INTO a (x) VALUES (?) ON CONFLICT (x) DO UPDATE SET x = excluded.x`:          "INSERT a",
		`UPDATE a SET x = b.x FROM b WHERE b.id = a.id`:                                      "UPDATE a b",
		`DELETE FROM a WHERE id = ?`:                                                         "DELETE a",
		`WITH r AS (SELECT * FROM a), s(x) AS (SELECT 1) UPDATE b SET x = (SELECT 1 FROM r)`: "UPDATE a b",
		`SELECT count(*) FROM (SELECT 1 FROM a) AS t`:                                        "SELECT a",
		`PRAGMA foreign_keys`: "PRAGMA",
		``:                    "",
	} {
		tokens := sqltext.Scan(text)
		if got := strings.Join(append([]string{sqltext.Verb(tokens)}, sqltext.Tables(tokens)...), " "); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func FuzzShape(f *testing.F) {
	for _, text := range []string{`SELECT 'a''b', "c", $1, $x$y$x$ FROM t WHERE (a,b) IN ((1,2),(3,4)) -- x`, `INSERT INTO t VALUES (?,(?)),(`, `e'\`, `WHERE(`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once := sqltext.Shape(text)
		if twice := sqltext.Shape(once); twice != once {
			t.Errorf("%q: the shape of %q is %q", text, once, twice)
		}
		tokens := sqltext.Scan(text)
		_, _, _ = sqltext.Verb(tokens), sqltext.Tables(tokens), sqltext.Parse(text).Access("t")
	})
}

func TestAccess(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]sqltext.Access{
		`SELECT * FROM t WHERE a = ? AND "t"."b" IN (?) AND c IS NULL AND d > ? AND e BETWEEN ? AND ? AND f = ?`: {Equal: []string{"a", "b", "f"}, Range: []string{"d", "e"}},
		`SELECT * FROM t WHERE (a = ? AND (b = ?)) AND (c = ? OR d = ?) AND e <> ? AND f != ? AND g LIKE ?`:      {Equal: []string{"a", "b"}},
		`SELECT * FROM t WHERE a = ? OR b = ?`:                                                           {},
		`SELECT * FROM t WHERE (a, id) > (?, ?) ORDER BY a DESC, id DESC NULLS LAST LIMIT ?`:             {Range: []string{"a"}, Order: []sqltext.Order{{"a", true}, {"id", true}}},
		`SELECT * FROM t ORDER BY lower(a)`:                                                              {},
		`SELECT * FROM t ORDER BY a + 1`:                                                                 {},
		`SELECT x.a FROM public.t AS x LEFT JOIN u ON u.t_id = x.id AND x.k = ? WHERE x.b = ? AND c = ?`: {Equal: []string{"id", "k", "b"}},
		`UPDATE t SET a = ? WHERE b = ? RETURNING id`:                                                    {Equal: []string{"b"}},
		`DELETE FROM t WHERE b >= ?`:                                                                     {Range: []string{"b"}},
		`SELECT * FROM t WHERE a IN (SELECT b FROM u WHERE c = ?) FOR UPDATE`:                            {Equal: []string{"a"}},
		`SELECT * FROM t WHERE`:                                                                          {},
		`SELECT * FROM t ORDER`:                                                                          {},
	} {
		if got := sqltext.Parse(text).Access("t"); !reflect.DeepEqual(got, want) {
			t.Errorf("%s\ngot  %+v\nwant %+v", text, got, want)
		}
	}
	q := sqltext.Parse(`SELECT x.a FROM public.t AS x, u WHERE x.id = u.id`)
	if q.Table("x") != "t" || q.Table("u") != "u" || q.Table("other") != "other" || !q.Plain || q.Limited {
		t.Errorf("%+v", q)
	}
}

func TestNumbered(t *testing.T) {
	t.Parallel()
	got, n := sqltext.Numbered(`SELECT "a?", 'it''s ?' FROM t WHERE b = ? AND c IN (?)`)
	if want := `SELECT "a?", 'it''s ?' FROM t WHERE b = $1 AND c IN ($2)`; got != want || n != 2 {
		t.Errorf("%d: %s\nwant %s", n, got, want)
	}
}
