package dbtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/page"
)

// Every operator on every type keeps the rows that a naive comparison keeps.
func testFilters(t *testing.T, e engine) {
	w, l := e.start(t), listing(t)
	r := rand.New(rand.NewPCG(3, 4))
	items := make([]item, 60)
	for i := range items {
		items[i] = random(t, r)
	}
	w.insert(t, items)
	check := func(words []string, keep func(i item) bool) {
		q := query(t, l, append(words, "limit=200", "count=exact", "sort=id")...)
		p, err := db.List[item](w.read(t.Context()), q)
		if err != nil {
			t.Errorf("%v: %v", words, err)
			return
		}
		want := idsOf(sorted(t, slices.DeleteFunc(slices.Clone(items), func(i item) bool { return !keep(i) }), q.Sort))
		if !slices.Equal(idsOf(p.Items), want) || *p.Total != int64(len(want)) {
			t.Errorf("%v: %d rows, total %d, want %d", words, len(p.Items), *p.Total, len(want))
		}
	}
	for _, f := range l.Filters() {
		for _, op := range f.Ops() {
			for range 4 {
				a, b := someValue(t, r, items, f), someValue(t, r, items, f)
				words := text(a)
				switch op {
				case page.In:
					if strings.Contains(text(a)+text(b), ",") {
						continue
					}
					words = text(a) + "," + text(b)
				case page.Null:
					words = strconv.FormatBool(r.IntN(2) == 0)
				}
				check([]string{fmt.Sprintf("filter[%s][%s]=%s", f.Name, op, words)}, func(i item) bool {
					v := i.value(t, f.Column)
					if op == page.Null {
						return (v == nil) == (words == "true")
					}
					return v != nil && holds(op, v, a, b)
				})
			}
		}
	}
	a, b := someValue(t, r, items, l.Filters()[0]), int64(0)
	check([]string{"filter[name][ne]=" + text(a), "filter[count][gte]=0", "filter[active]=true", "filter[state_null][null]=false"}, func(i item) bool {
		return i.Name != a && i.Count >= b && i.Active && i.StateNull != nil
	})
	// The conditions of the handle stay.
	p, err := db.List[item](w.read(t.Context()).Where("active = ?", true), query(t, l, "filter[count][gte]=0", "count=exact", "limit=200"))
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, i := range items {
		if i.Active && i.Count >= 0 {
			want++
		}
	}
	if len(p.Items) != want || *p.Total != int64(want) {
		t.Errorf("with a condition of the handle: %d rows, total %d, want %d", len(p.Items), *p.Total, want)
	}
}

// someValue returns a value that a column of some item has.
func someValue(t *testing.T, r *rand.Rand, items []item, f page.Field) any {
	t.Helper()
	for {
		if v := pick(r, items).value(t, f.Column); v != nil {
			return v
		}
	}
}

// text writes a value as a caller would.
func text(v any) string {
	switch v := v.(type) {
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case float64:
		return strings.ReplaceAll(strconv.FormatFloat(v, 'g', -1, 64), "+", "")
	default:
		return fmt.Sprint(v)
	}
}

func holds(op page.Op, v, a, b any) bool {
	c := compare(v, a)
	switch op {
	case page.Eq:
		return c == 0
	case page.Ne:
		return c != 0
	case page.In:
		return c == 0 || compare(v, b) == 0
	case page.Lt:
		return c < 0
	case page.Lte:
		return c <= 0
	case page.Gt:
		return c > 0
	default:
		return c >= 0
	}
}

// hostile is text that means something to SQL, to LIKE, to gorm or to whoever quotes it wrongly.
func hostile() []string {
	return []string{
		"'", "''", `"`, "`", `\`, `\\`, `\'`, `%`, `%%`, `_`, `\%`, `\_`, `%' OR '1'='1`, "' OR 1=1 --", "'; DROP TABLE dbtest_items; --", `"; DROP TABLE dbtest_items; --`,
		"?", "??", "$1", "@name", ":name", "@p1", "(", ")", ") OR (1=1", "/*", "*/", "--", ";", "\n", "\t", "\x01", "\u2028", "ä", "ẞ", "𝔘", "a%b_c", "null", "NULL", "0x00", "{{.}}", "${x}", "%s%d%n", "1", "true",
	}
}

// A search finds the text wherever it stands, in either case, and nothing that only looks like a pattern.
func testSearch(t *testing.T, e engine) {
	w, l := e.start(t), listing(t)
	r := rand.New(rand.NewPCG(5, 6))
	var items []item
	for n, text := range append(hostile(), "plain", "a1b2c", `c:\d`, "100%", "100x", "a_b", "axb", "Mixed CASE") {
		i := random(t, r)
		i.Name, i.NameNull = "<"+text+">", nil
		if n%3 == 0 {
			i.Name, i.NameNull = "other", pointer(true, "<"+text+">")
		}
		items = append(items, i)
	}
	w.insert(t, items)
	for _, word := range append(hostile(), "plain", "LAI", "a_b", "100%", "mixed case", "CASE", `\d`, "<", "x>", "nowhere") {
		if strings.TrimSpace(word) == "" {
			continue
		}
		q := query(t, l, "q="+word, "limit=200", "sort=id")
		p, err := db.List[item](w.read(t.Context()), q)
		if err != nil {
			t.Errorf("search for %q: %v", word, err)
			continue
		}
		want := idsOf(sorted(t, slices.DeleteFunc(slices.Clone(items), func(i item) bool {
			found := containsFold(i.Name, q.Search) || i.NameNull != nil && containsFold(*i.NameNull, q.Search)
			return !found
		}), q.Sort))
		if !slices.Equal(idsOf(p.Items), want) {
			t.Errorf("search for %q: %d rows, want %d", word, len(p.Items), len(want))
		}
	}
	// Search and filters narrow each other, and the search is one condition among others.
	p, err := db.List[item](w.read(t.Context()).Where("count < ?", 0), query(t, l, "q=<", "filter[active]=true", "limit=200"))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range p.Items {
		if i.Count >= 0 || !i.Active {
			t.Errorf("the search goes around a condition: %+v", i)
		}
	}
}

// containsFold compares letters of ASCII in either case, which is what every engine can do.
func containsFold(s, word string) bool {
	return strings.Contains(lower(s), lower(word))
}

func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// Text that means something to SQL is stored, found and ordered like any other, and does nothing else.
func testHostileText(t *testing.T, e engine) {
	w, l := e.start(t), listing(t)
	r := rand.New(rand.NewPCG(7, 8))
	var items []item
	for _, text := range hostile() {
		i := random(t, r)
		i.Name, i.NameNull = text, pointer(true, text)
		items = append(items, i)
	}
	w.insert(t, items)
	for _, i := range items {
		for _, word := range []string{"filter[name]=" + i.Name, "filter[name_null][in]=" + i.Name} {
			if strings.Contains(word, ",") {
				continue
			}
			p, err := db.List[item](w.read(t.Context()), query(t, l, word))
			if err != nil || len(p.Items) != 1 || p.Items[0].ID != i.ID || p.Items[0].Name != i.Name {
				t.Errorf("%q: %v, %v, want one row", word, idsOf(p.Items), err)
			}
		}
		var got item
		if err := w.read(t.Context()).Where("name = ?", i.Name).Where(map[string]any{"name_null": i.Name}).Take(&got).Error; err != nil || got.ID != i.ID {
			t.Errorf("%q by a condition: %v, %v", i.Name, got.ID, err)
		}
	}
	for _, word := range []string{"sort=name", "sort=-name_null"} {
		w.walk(t, l, items, []string{word, "limit=7", "count=exact"})
	}
	w.tx(t, func(_ context.Context, q *gorm.DB) error {
		for _, i := range items {
			if err := q.Model(&item{}).Where("id = ?", i.ID).Update("name", i.Name+"'").Error; err != nil {
				return err
			}
		}
		return nil
	})
	var n int64
	if err := w.read(t.Context()).Model(&item{}).Where("name LIKE ?", "%'").Count(&n).Error; err != nil || n != int64(len(items)) {
		t.Errorf("%d rows, %v, want %d", n, err, len(items))
	}
}
