package dbtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
)

// sorted returns the items in an order, without the help of a database: null last, then the id.
func sorted(t *testing.T, items []item, s page.Sort) []item {
	t.Helper()
	items = slices.Clone(items)
	slices.SortFunc(items, func(a, b item) int {
		x, y := a.value(t, s.Field.Column), b.value(t, s.Field.Column)
		switch {
		case x == nil && y != nil:
			return 1
		case x != nil && y == nil:
			return -1
		}
		c := 0
		if x != nil {
			c = compare(x, y)
		}
		if c == 0 {
			c = a.ID.Compare(b.ID)
		}
		if s.Desc {
			c = -c
		}
		return c
	})
	return items
}

func idsOf(items []item) []id.ID {
	ids := make([]id.ID, len(items))
	for i := range items {
		ids[i] = items[i].ID
	}
	return ids
}

// query parses the words of a query string as package api does, with a cursor that is not signed.
func query(t *testing.T, l *page.List, words ...string) page.Query {
	t.Helper()
	var params []page.Param
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		params = append(params, page.Param{Name: name, Value: value})
	}
	q, err := l.Parse(params, func(token string) ([]byte, error) { return []byte(token), nil })
	if err != nil {
		t.Fatalf("%v: %v", words, err)
	}
	return q
}

// turn reads a page, and returns the words for the next and the previous one.
func (w *world) turn(t *testing.T, q page.Query) (p page.Page[item], after, before string) {
	t.Helper()
	p, err := db.List[item](w.read(t.Context()), q)
	if err != nil {
		t.Fatalf("sort %s: %v", q.Sort, err)
	}
	if p.Next != nil {
		after = "after=" + string(q.Encode(p.Next))
	}
	if p.Prev != nil {
		before = "before=" + string(q.Encode(p.Prev))
	}
	return p, after, before
}

// Whatever the data and the order: going forward and then back visits each row once, in the order that a naive sort gives.
func testLists(t *testing.T, e engine) {
	l := listing(t)
	for seed := range uint64(6) {
		w := e.start(t)
		r := rand.New(rand.NewPCG(seed, 0))
		items := make([]item, []int{0, 1, 7, 20, 40, 60}[seed])
		for i := range items {
			items[i] = random(t, r)
		}
		w.insert(t, items)
		for _, field := range l.Sorts() {
			for _, direction := range []string{"", "-"} {
				words := []string{"sort=" + direction + field.Name, fmt.Sprintf("limit=%d", 1+r.IntN(9)), "count=exact"}
				w.walk(t, l, items, words)
			}
		}
	}
}

// walk goes through a list in both directions.
func (w *world) walk(t *testing.T, l *page.List, items []item, words []string) {
	t.Helper()
	q := query(t, l, words...)
	want := idsOf(sorted(t, items, q.Sort))
	var forward []id.ID
	p, after, before := w.turn(t, q)
	if before != "" {
		t.Errorf("%v: there is something in front of the first page", words)
	}
	for {
		forward = append(forward, idsOf(p.Items)...)
		if p.Total == nil || *p.Total != int64(len(items)) {
			t.Fatalf("%v: total %v, want %d", words, p.Total, len(items))
		}
		if after == "" {
			break
		}
		if len(p.Items) != q.Limit || len(forward) > len(items) {
			t.Fatalf("%v: a page of %d with more to come, %d rows of %d", words, len(p.Items), len(forward), len(items))
		}
		p, after, before = w.turn(t, query(t, l, append(words, after)...))
		if before == "" {
			t.Fatalf("%v: nothing in front of a page that is not the first", words)
		}
	}
	if !slices.Equal(forward, want) {
		t.Fatalf("%v: %d rows forward, want %d in another order\n%v\n%v", words, len(forward), len(want), forward, want)
	}
	backward := idsOf(p.Items)
	for before != "" {
		p, after, before = w.turn(t, query(t, l, append(words, before)...))
		if len(p.Items) > 0 && after == "" {
			t.Fatalf("%v: nothing behind a page that is not the last", words)
		}
		backward = append(idsOf(p.Items), backward...)
		if len(backward) > len(items) {
			break
		}
	}
	if !slices.Equal(backward, want) {
		t.Fatalf("%v: %d rows backward, want %d in another order\n%v\n%v", words, len(backward), len(want), backward, want)
	}
}

// Rows that come and go between two pages do not make others appear twice or not at all.
func testListsThatChange(t *testing.T, e engine) {
	l := listing(t)
	for seed := range uint64(4) {
		w := e.start(t)
		r := rand.New(rand.NewPCG(seed, 1))
		items := make([]item, 40)
		for i := range items {
			items[i] = random(t, r)
		}
		w.insert(t, items)
		for _, word := range []string{"sort=-id", "sort=name", "sort=-name_null", "sort=count_null", "sort=-at", "sort=weight_null", "sort=day_null"} {
			q := query(t, l, word, "limit=5")
			staying := map[id.ID]bool{}
			for _, i := range items {
				staying[i.ID] = true
			}
			var seen []item
			for after := ""; ; {
				var p page.Page[item]
				words := []string{word, "limit=5"}
				if after != "" {
					words = append(words, after)
				}
				p, after, _ = w.turn(t, query(t, l, words...))
				seen = append(seen, p.Items...)
				if after == "" || len(seen) > 1000 {
					break
				}
				fresh := random(t, r)
				gone := pick(r, items)
				delete(staying, gone.ID)
				w.tx(t, func(_ context.Context, q *gorm.DB) error {
					if err := q.Create(&fresh).Error; err != nil {
						return err
					}
					return q.Delete(&gone).Error
				})
			}
			if ids := idsOf(seen); !slices.Equal(ids, idsOf(sorted(t, seen, q.Sort))) {
				t.Errorf("%s: not in order", word)
			}
			count := map[id.ID]int{}
			for _, i := range seen {
				count[i.ID]++
				if count[i.ID] > 1 {
					t.Errorf("%s: %v twice", word, i.ID)
				}
			}
			for stays := range staying {
				if count[stays] == 0 {
					t.Errorf("%s: %v was there all the time and never seen", word, stays)
				}
			}
			items = items[:0]
			if err := w.read(t.Context()).Find(&items).Error; err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A list and a decimal need to know the engine, which a handle of somebody else does not tell.
func testForeignHandle(t *testing.T, e engine) {
	w := e.start(t)
	foreign, err := gorm.Open(w.driver.Dialector(w.read(t.Context()).ConnPool), &gorm.Config{DisableAutomaticPing: true, DryRun: true, Logger: logger.Discard})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.List[item](foreign, listing(t).First(1)); err == nil {
		t.Error("a list over a foreign handle works")
	}
	if err := foreign.Where("weight = ?", weight(t, "1")).Find(&[]item{}).Error; err == nil {
		t.Error("a decimal over a foreign handle works")
	}
	if _, err := db.List[entry](w.read(t.Context()), query(t, listing(t), "sort=name")); err == nil {
		t.Error("a list of rows without the column of its order works")
	}
	if _, err := db.List[struct{ ID string }](w.read(t.Context()).Table("dbtest_accounts"), listing(t).First(1)); err != nil {
		t.Errorf("an empty list of rows with another id: %v", err)
	}
}
