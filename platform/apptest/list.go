package apptest

import (
	"encoding/json"
	"fmt"
	"math/big"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/banyan-go/banyan/platform/page"
)

// With returns the JSON object body with the value, JSON, of one of its members set.
func With(body, name, value string) string {
	members := object(body)
	members[name] = json.RawMessage(value)
	return text(members)
}

// Without returns the JSON object body without one of its members.
func Without(body, name string) string {
	members := object(body)
	delete(members, name)
	return text(members)
}

func object(body string) map[string]json.RawMessage {
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &members); err != nil {
		panic(fmt.Sprintf("apptest: %q is not a JSON object: %v", body, err))
	}
	return members
}

func text(members map[string]json.RawMessage) string {
	b, err := json.Marshal(members)
	if err != nil {
		panic(fmt.Sprintf("apptest: a value is not JSON: %v", err))
	}
	return string(b)
}

// Walk reads a list from its first page to its last, limit items at a time, and back again, and returns the ids in order. It fails the test
// unless both ways agree, no item comes twice and as many come as the list counts. Path may have a query, without limit and count.
func (a *App) Walk(path string, limit int) []string {
	a.t.Helper()
	at := func(cursor string) string {
		join := "?"
		if strings.Contains(path, "?") {
			join = "&"
		}
		return fmt.Sprintf("%s%slimit=%d%s", path, join, limit, cursor)
	}
	var ids []string
	var pages [][]string
	r := a.Get(at("&count=exact")).Want(200).WantAt("/page/prev", "null")
	total := r.At("/page/total")
	for {
		page := r.Texts("/data", "/id")
		if len(page) > limit {
			a.t.Fatalf("%s: %d items on a page of %d", path, len(page), limit)
		}
		ids = append(ids, page...)
		pages = append(pages, page)
		next, more := r.At("/page/next").(string)
		if !more {
			break
		}
		if len(pages) > 1000 {
			a.t.Fatalf("%s: more than 1000 pages", path)
		}
		r = a.Get(at("&after=" + url.QueryEscape(next))).Want(200)
	}
	if sorted := slices.Sorted(slices.Values(ids)); len(slices.Compact(sorted)) != len(ids) {
		a.t.Errorf("%s: an item comes twice: %q", path, ids)
	}
	if fmt.Sprint(total) != strconv.Itoa(len(ids)) {
		a.t.Errorf("%s: %d items on the pages, %v by count", path, len(ids), total)
	}
	for i := len(pages) - 2; i >= 0; i-- {
		r = a.Get(at("&before=" + url.QueryEscape(r.Text("/page/prev")))).Want(200)
		if back := r.Texts("/data", "/id"); !slices.Equal(back, pages[i]) {
			a.t.Errorf("%s: page %d is %q on the way back, %q on the way there", path, i, back, pages[i])
		}
		if i == 0 {
			r.WantAt("/page/prev", "null")
		}
	}
	return ids
}

// WantSorted walks a list in the order of a field, up and down, and fails the test unless the two orders are each other's reverse, but for
// the items whose field is null, which come last in both. The order of the values is checked as well: of
// texts that are no dates, times or numbers by their bytes or by their letters and digits alone, because databases differ there.
func (a *App) WantSorted(path, field string) {
	a.t.Helper()
	up, down := a.Walk(path+"?sort="+field, 3), a.Walk(path+"?sort=-"+field, 3)
	null, values := map[string]bool{}, map[string]any{}
	items := a.all(path)
	for _, item := range items {
		value, there := item[field]
		if !there {
			a.t.Fatalf("%s: an item has no field %s: %v", path, field, item)
		}
		id := fmt.Sprint(item["id"])
		values[id], null[id] = value, value == nil
	}
	if len(up) != len(items) || len(down) != len(items) {
		a.t.Fatalf("%s: %d items, %d sorted up, %d sorted down", path, len(items), len(up), len(down))
	}
	given := slices.IndexFunc(up, func(id string) bool { return null[id] })
	if given < 0 {
		given = len(up)
	}
	var texts []string
	for i, id := range up {
		switch {
		case null[id] != (i >= given), null[down[i]] != (i >= given):
			a.t.Errorf("%s by %s: null does not come last: up %q, down %q", path, field, up, down)
		case i < given && id != down[given-1-i]:
			a.t.Errorf("%s by %s: down is not up the other way round: up %q, down %q", path, field, up, down)
		case i > 0 && i < given && !ordered(field, values[up[i-1]], values[id]):
			a.t.Errorf("%s by %s: %v comes before %v", path, field, values[up[i-1]], values[id])
		default:
			texts = append(texts, fmt.Sprint(values[id]))
			continue
		}
		return
	}
	if !rise(texts[:given]) {
		a.t.Errorf("%s by %s: the values do not rise: %q", path, field, texts[:given])
	}
}

// rise reports whether values are in an order: decimals, which JSON has as texts, in that of numbers; other texts in that of any database.
func rise(texts []string) bool {
	numbers := slices.IsSortedFunc(texts, compareNumbers)
	none := slices.ContainsFunc(texts, func(s string) bool { return compareNumbers(s, s) != 0 })
	if fractions := strings.Contains(strings.Join(texts, ""), "."); fractions && !none {
		return numbers
	}
	return numbers || slices.IsSorted(texts) || slices.IsSortedFunc(texts, byLetters)
}

// ordered reports whether b may come behind a, going up, as far as that can be told of two values.
func ordered(field string, a, b any) bool {
	switch a := a.(type) {
	case bool:
		b, _ := b.(bool)
		return !a || b
	case json.Number:
		return compareNumbers(string(a), fmt.Sprint(b)) <= 0
	}
	x, y := fmt.Sprint(a), fmt.Sprint(b)
	if field == "id" {
		return x <= y
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano} {
		earlier, err1 := time.Parse(layout, x)
		later, err2 := time.Parse(layout, y)
		if err1 == nil && err2 == nil {
			return !later.Before(earlier)
		}
	}
	return true
}

// byLetters compares as most languages do at first: by letters and digits, without case.
func byLetters(a, b string) int {
	fold := func(s string) string {
		return strings.Map(func(r rune) rune {
			if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				return -1
			}
			return unicode.ToLower(r)
		}, s)
	}
	return strings.Compare(fold(a), fold(b))
}

// compareNumbers compares two numbers, which JSON may hold as texts; what is none comes before everything, itself included, so that a
// list of it is in no order.
func compareNumbers(a, b string) int {
	x, ok1 := new(big.Rat).SetString(a)
	y, ok2 := new(big.Rat).SetString(b)
	if !ok1 || !ok2 {
		return -1
	}
	return x.Cmp(y)
}

// WantFilter fails the test unless filtering a list by a field's value, of the first item that has one, gives exactly the items that have it,
// and filtering by ne those that have another one.
func (a *App) WantFilter(path, field string) {
	a.t.Helper()
	items := a.all(path)
	i := slices.IndexFunc(items, func(item map[string]any) bool { return item[field] != nil })
	if i < 0 {
		a.t.Fatalf("%s: no item has a value for %s", path, field)
	}
	value := items[i][field]
	var want, others []string
	for _, item := range items {
		if id := fmt.Sprint(item["id"]); reflect.DeepEqual(item[field], value) {
			want = append(want, id)
		} else if item[field] != nil {
			others = append(others, id)
		}
	}
	got := a.Walk(fmt.Sprintf("%s?filter[%s]=%s", path, field, url.QueryEscape(fmt.Sprint(value))), 3)
	if !slices.Equal(got, want) {
		a.t.Errorf("%s with %s = %v: got %q, want %q", path, field, value, got, want)
	}
	got = a.Walk(fmt.Sprintf("%s?filter[%s][ne]=%s", path, field, url.QueryEscape(fmt.Sprint(value))), 3)
	if !slices.Equal(got, others) {
		a.t.Errorf("%s with %s other than %v: got %q, want %q", path, field, value, got, others)
	}
}

// WantSearch fails the test unless a search for the text of a field of the first item that has one, in capitals, finds that item, and one
// for the wildcards of SQL finds nothing. With the names of further fields the searches are among the items that are like the first one there,
// and one among all items is refused.
func (a *App) WantSearch(path, field string, among ...string) {
	a.t.Helper()
	items := a.all(path)
	i := slices.IndexFunc(items, func(item map[string]any) bool { return item[field] != nil })
	if i < 0 {
		a.t.Fatalf("%s: no item has a text for %s", path, field)
	}
	first := items[i]
	text := []rune(strings.ToUpper(fmt.Sprint(first[field])))
	needle := strings.TrimSpace(string(text[max(0, len(text)-page.MaxSearch):])) // the end of a long text: numbers stand there
	if len(among) > 0 {
		a.Get(path+"?q=a").WantProblem(422, "invalid", "/q")
	}
	search := func(text string) string {
		words := url.Values{"q": {text}}
		for _, name := range among {
			words.Set("filter["+name+"]", fmt.Sprint(first[name]))
		}
		return path + "?" + words.Encode()
	}
	if got := a.Walk(search(needle), 3); !slices.Contains(got, fmt.Sprint(first["id"])) {
		a.t.Errorf("%s: %q finds %q, and not %v", path, needle, got, first["id"])
	}
	if got := a.Walk(search("%_%"), 3); len(got) != 0 {
		a.t.Errorf("%s: the wildcards of SQL find %q", path, got)
	}
}

// all returns the first 200 items of a list.
func (a *App) all(path string) []map[string]any {
	a.t.Helper()
	list, _ := a.Get(path + "?limit=200").Want(200).At("/data").([]any)
	items := make([]map[string]any, len(list))
	for i, v := range list {
		items[i], _ = v.(map[string]any)
	}
	if len(items) == 0 {
		a.t.Fatalf("%s: the list is empty", path)
	}
	return items
}
