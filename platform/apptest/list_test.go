package apptest_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/apptest"
)

type item struct {
	ID       string  `json:"id"`
	Name     string  `json:"name"`
	Size     int     `json:"size"`
	Price    string  `json:"price"`
	Active   bool    `json:"active"`
	Released *string `json:"released"`
}

// items are seven, whose orders by their fields differ. The list has the newest first.
func items() []item {
	day := func(s string) *string { return &s }
	return []item{
		{"7", "Oak", 10, "10.50", true, day("2024-03-01")}, {"6", "ash", 9, "9.50", false, nil}, {"5", "Elm", 11, "100.00", true, day("2023-12-31")},
		{"4", "yew", 2, "2.00", true, day("2024-02-29")}, {"3", "Fir", 30, "30.00", false, nil}, {"2", "fig", 1, "1.00", false, day("2025-01-01")}, {"1", "ivy", 20, "20.00", true, nil},
	}
}

// list serves the items as a generated list does, but for its fault.
type list struct{ fault string }

func (l list) has(fault string) bool { return l.fault == fault }

func (l list) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	found := l.order(l.find(q.Get("q"), q.Get("filter[active]"), q.Get("filter[active][ne]")), q.Get("sort"))
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil {
		limit = 50
	}
	begin, end := 0, min(limit, len(found))
	if after := q.Get("after"); after != "" {
		begin, _ = strconv.Atoi(after) // the cursors are ours
		switch {
		case l.has("loses an item"):
			begin++
		case l.has("repeats an item"):
			begin--
		case l.has("never ends"):
			begin = 0
		}
		end = min(begin+limit, len(found))
	}
	if before := q.Get("before"); before != "" {
		end, _ = strconv.Atoi(before)
		begin = max(0, end-limit)
		if l.has("goes another way back") {
			begin, end = begin+1, end+1
		}
	}
	if l.has("has large pages") {
		end = min(end+1, len(found))
	}
	page := map[string]any{"next": nil, "prev": nil, "total": nil}
	if end < len(found) || l.has("never ends") {
		page["next"] = strconv.Itoa(end)
	}
	first, back := !q.Has("after") && !q.Has("before"), q.Has("before")
	if begin > 0 || first && l.has("has something before its first page") || back && l.has("has something before its first page on the way back") {
		page["prev"] = strconv.Itoa(begin)
	}
	if q.Get("count") == "exact" {
		page["total"] = len(found)
		if l.has("miscounts") {
			page["total"] = len(found) + 1
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": found[min(begin, end):end], "page": page}) // to a test that waits for it
}

func (l list) find(q, active, inactive string) []item {
	found := []item{}
	for _, it := range items() {
		name := it.Name
		if !l.has("searches by case") {
			name, q = strings.ToLower(name), strings.ToLower(q)
		}
		is := strconv.FormatBool(it.Active)
		switch {
		case !strings.Contains(name, q) && !l.has("has no search") && (!l.has("knows wildcards") || !strings.Contains(q, "%")),
			active != "" && is != active && !l.has("has no filter"),
			inactive != "" && is == inactive && !l.has("has no ne"),
			inactive != "" && it.ID == "2" && l.has("loses one by ne"):
		default:
			found = append(found, it)
		}
	}
	return found
}

func (l list) order(found []item, sort string) []item {
	field, desc := strings.CutPrefix(cmp.Or(sort, "-id"), "-")
	if l.has("sorts by id") {
		field = "id"
	}
	slices.SortFunc(found, func(a, b item) int {
		order := 0
		switch field {
		case "name":
			order = cmp.Compare(a.Name, b.Name)
		case "size":
			order = cmp.Compare(a.Size, b.Size)
		case "price":
			order = len(a.Price) - len(b.Price)
			if order == 0 || l.has("sorts numbers as texts") {
				order = cmp.Compare(a.Price, b.Price)
			}
		case "active":
			order = strings.Compare(strconv.FormatBool(a.Active), strconv.FormatBool(b.Active))
		case "released":
			if (a.Released == nil) != (b.Released == nil) {
				if (a.Released == nil) != l.has("has null first") {
					return 1
				}
				return -1
			}
			if a.Released != nil {
				order = cmp.Compare(*a.Released, *b.Released)
			}
		}
		order = cmp.Or(order, cmp.Compare(a.ID, b.ID))
		if desc && (sort == "" || !l.has("sorts one way")) {
			order = -order
		}
		return order
	})
	return found
}

// The helpers for lists say nothing of a good list and fail for every bad one.
func TestListHelpers(t *testing.T) {
	t.Parallel()
	type check func(a *apptest.App)
	walk := func(a *apptest.App) { a.Walk("/items", 3) }
	sorted := func(field string) check { return func(a *apptest.App) { a.WantSorted("/items", field) } }
	filter := func(a *apptest.App) { a.WantFilter("/items", "active") }
	search := func(a *apptest.App) { a.WantSearch("/items", "name") }

	good := httptest.NewServer(list{})
	t.Cleanup(good.Close)
	for name, check := range map[string]check{
		"walk": walk, "walk in pages of one": func(a *apptest.App) { a.Walk("/items", 1) }, "walk on one page": func(a *apptest.App) { a.Walk("/items", 7) },
		"walk with a query": func(a *apptest.App) { a.Walk("/items?sort=name", 2) },
		"by id":             sorted("id"), "by name": sorted("name"), "by size": sorted("size"), "by price": sorted("price"), "by active": sorted("active"), "by released": sorted("released"),
		"filter": filter, "search": search,
	} {
		if said := failures(t, apptest.At(t, good.URL), check); said != "" {
			t.Errorf("%s: a good list fails: %s", name, said)
		}
	}
	if ids := apptest.At(t, good.URL).Walk("/items?sort=id", 2); !slices.Equal(ids, []string{"1", "2", "3", "4", "5", "6", "7"}) {
		t.Errorf("the walk returns %q", ids)
	}

	for _, c := range []struct {
		fault string
		check check
		said  string
	}{
		{"loses an item", walk, "by count"},
		{"repeats an item", walk, "an item comes twice"},
		{"goes another way back", walk, "on the way back"},
		{"never ends", walk, "more than 1000 pages"},
		{"has large pages", walk, "4 items on a page of 3"},
		{"has something before its first page", walk, "/page/prev is \"0\", want null"},
		{"has something before its first page on the way back", walk, "/page/prev is \"0\", want null"},
		{"miscounts", walk, "7 items on the pages, 8 by count"},
		{"sorts one way", sorted("size"), "down is not up the other way round"},
		{"sorts by id", sorted("size"), "comes before"},
		{"sorts by id", sorted("active"), "comes before"},
		{"sorts by id", sorted("released"), "null does not come last"},
		{"sorts by id", sorted("name"), "the values do not rise"},
		{"sorts numbers as texts", sorted("price"), `"100.00" "2.00"`},
		{"has null first", sorted("released"), "null does not come last"},
		{"", sorted("relaesed"), "no field relaesed"},
		{"has no filter", filter, "with active = true"},
		{"has no ne", filter, "other than true"},
		{"loses one by ne", filter, "other than true"},
		{"", func(a *apptest.App) { a.WantFilter("/items", "relaesed") }, "no item has a value for relaesed"},
		{"has no search", search, "the wildcards of SQL find"},
		{"searches by case", search, `"OAK" finds []`},
		{"knows wildcards", search, "the wildcards of SQL find"},
	} {
		s := httptest.NewServer(list{c.fault})
		if said := failures(t, apptest.At(t, s.URL), c.check); !strings.Contains(said, c.said) {
			t.Errorf("a list that %s: the check said %q, want %q", c.fault, said, c.said)
		}
		t.Cleanup(s.Close)
	}
}

// A list without items proves nothing.
func TestEmptyListsFail(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"data":[],"page":{"next":null,"prev":null,"total":0}}`)
	}))
	t.Cleanup(s.Close)
	for _, check := range []func(a *apptest.App){
		func(a *apptest.App) { a.WantSorted("/items", "id") },
		func(a *apptest.App) { a.WantFilter("/items", "active") },
		func(a *apptest.App) { a.WantSearch("/items", "name") },
	} {
		if said := failures(t, apptest.At(t, s.URL), check); !strings.Contains(said, "the list is empty") {
			t.Errorf("the check said %q", said)
		}
	}
	if ids := apptest.At(t, s.URL).Walk("/items", 3); len(ids) != 0 {
		t.Errorf("the walk returns %q", ids)
	}
}
