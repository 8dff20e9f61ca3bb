package api_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
)

// Letter is an item of a list.
type Letter struct {
	ID   id.ID  `json:"id"`
	Text string `json:"text"`
}

type letters struct {
	Shelf string `path:"shelf"`
	Query page.Query
}

// alphabet serves five letters in the order of their ids, a page at a time, in both directions.
func alphabet(t *testing.T) *server {
	t.Helper()
	var all []Letter
	for i := range 5 {
		all = append(all, Letter{ID: id.ID{6: 0x70, 8: 0x80, 15: byte(i + 1)}, Text: string(rune('a' + i))})
	}
	list := func(_ context.Context, in *letters) (*api.List[Letter], error) {
		q, begin, end := in.Query, 0, len(all)
		if q.From != nil && q.Backward {
			end = int(q.From.ID[15]) - 1
			begin = max(end-q.Limit, 0)
		} else if q.From != nil {
			begin = int(q.From.ID[15])
		}
		end = min(end, begin+q.Limit)
		p := page.Page[Letter]{Items: all[begin:end]}
		if end < len(all) {
			p.Next = &page.Key{ID: all[end-1].ID}
		}
		if begin > 0 {
			p.Prev = &page.Key{ID: all[begin].ID}
		}
		if q.Count {
			total := int64(len(all))
			p.Total = &total
		}
		return api.NewList(q, p), nil
	}
	o := op("listLetters")
	o.List = page.Spec{Sort: "id", Search: []string{"text"}, Fields: []page.Field{{Name: "text", Type: page.String(), Filter: true}}}
	return serve(t, api.Get("/shelves/{shelf}/letters", list, o))
}

// letterPage is the body of a list.
type letterPage struct {
	Data []Letter
	Page struct {
		Next, Prev *string
		Total      *int64
	}
}

func (p letterPage) texts() (s string) {
	for _, l := range p.Data {
		s += l.Text
	}
	return s
}

func (s *server) letters(target string) (letterPage, answer) {
	s.t.Helper()
	a := s.get(target)
	var p letterPage
	if err := json.Unmarshal(a.body, &p); err != nil || a.status != 200 {
		s.t.Fatalf("%s: %d %s", target, a.status, a.body)
	}
	return p, a
}

// link returns the address of a relation in the header Link, below the module.
func (a answer) link(rel string) string {
	for link := range strings.SplitSeq(a.get("Link"), ", ") {
		address, param, _ := strings.Cut(link, ">; ")
		if param == `rel="`+rel+`"` {
			return strings.TrimPrefix(address, "<"+api.Prefix+"/test")
		}
	}
	return ""
}

func TestAListIsWalkedByItsLinks(t *testing.T) {
	t.Parallel()
	s := alphabet(t)
	p, a := s.letters("/shelves/1/letters?limit=2")
	var walked []string
	for at := a.link("next"); ; at = a.link("next") {
		walked = append(walked, p.texts())
		if at == "" {
			break
		}
		p, a = s.letters(at)
	}
	if got := strings.Join(walked, " "); got != "ab cd e" || p.Page.Next != nil {
		t.Errorf("forward: %q", got)
	}
	walked = nil
	for at := a.link("prev"); at != ""; at = a.link("prev") {
		p, a = s.letters(at)
		walked = append(walked, p.texts())
	}
	if got := strings.Join(walked, " "); got != "cd ab" || p.Page.Prev != nil {
		t.Errorf("backward: %q", got)
	}
}

func TestLinksAndCursorsAreTheSame(t *testing.T) {
	t.Parallel()
	s := alphabet(t)
	first, _ := s.letters("/shelves/1/letters?limit=2")
	middle, a := s.letters("/shelves/1/letters?limit=2&after=" + *first.Page.Next)
	if want := "/shelves/1/letters?limit=2&after=" + *middle.Page.Next; a.link("next") != want {
		t.Errorf("next is %s, want %s", a.link("next"), want)
	}
	if want := "/shelves/1/letters?limit=2&before=" + *middle.Page.Prev; a.link("prev") != want {
		t.Errorf("prev is %s, want %s", a.link("prev"), want)
	}
}

func TestEmptyListsAreLists(t *testing.T) {
	t.Parallel()
	o := op("list")
	s := serve(t, api.Get("/nothing", func(_ context.Context, in *paged) (*api.List[Letter], error) {
		return api.NewList(in.Query, page.Page[Letter]{}), nil
	}, o))
	if a := s.get("/nothing"); string(a.body) != `{"data":[],"page":{"next":null,"prev":null,"total":null}}` || a.get("Link") != "" {
		t.Errorf("%s, Link %q", a.body, a.get("Link"))
	}
}

func TestLinksKeepTheQuery(t *testing.T) {
	t.Parallel()
	s := alphabet(t)
	for _, c := range []struct{ query, want string }{
		{"limit=1&q=x%20y&count=exact", "limit=1&q=x%20y&count=exact&after="},
		{"limit=1&filter%5Btext%5D=%26%3D", "limit=1&filter%5Btext%5D=%26%3D&after="},
		{"limit=1&fields=id,text", "limit=1&fields=id,text&after="},
		{"&&limit=1&", "limit=1&after="},
		{`limit=1&q=<a>,"b"`, "limit=1&q=%3Ca%3E,%22b%22&after="}, // what would end the address
		{"limit=1&q=ü", "limit=1&q=%C3%BC&after="},
		{`limit=1&q=;rel=next`, "limit=1&q=;rel=next&after="},
	} {
		p, a := s.letters("/shelves/1/letters?" + c.query)
		if got := strings.TrimPrefix(a.link("next"), "/shelves/1/letters?"); got != c.want+*p.Page.Next {
			t.Errorf("%s: the next page is\n%s, want\n%s", c.query, got, c.want)
		}
		if _, next := s.letters(a.link("next")); next.status != 200 || strings.Count(next.link("next"), "after=") != 1 {
			t.Errorf("%s: the page behind says %s", c.query, next.link("next"))
		}
	}
}

func TestCursorsOfOthers(t *testing.T) {
	t.Parallel()
	s := alphabet(t)
	p, _ := s.as("ann").letters("/shelves/1/letters?limit=2&filter[text]=x")
	cursor := *p.Page.Next
	for _, c := range []struct {
		name, target string
		caller       string
		status       int
	}{
		{"one's own", "/shelves/1/letters?filter[text]=x&after=" + cursor, "ann", 200},
		{"with another limit", "/shelves/1/letters?limit=1&filter[text]=x&after=" + cursor, "ann", 200},
		{"of another caller", "/shelves/1/letters?filter[text]=x&after=" + cursor, "bob", 400},
		{"of a caller who has gone", "/shelves/1/letters?filter[text]=x&after=" + cursor, "", 400},
		{"of another parent", "/shelves/2/letters?filter[text]=x&after=" + cursor, "ann", 400},
		{"of another filter", "/shelves/1/letters?filter[text]=y&after=" + cursor, "ann", 400},
		{"of no filter", "/shelves/1/letters?after=" + cursor, "ann", 400},
		{"of another order", "/shelves/1/letters?sort=-id&filter[text]=x&after=" + cursor, "ann", 400},
		{"cut", "/shelves/1/letters?filter[text]=x&after=" + cursor[:len(cursor)-1], "ann", 400},
	} {
		a := s.as(c.caller).get(c.target)
		if a.status != c.status {
			t.Errorf("a cursor %s: %d %s", c.name, a.status, a.body)
		}
		if a.status == 400 && a.problem(t).Code != "bad_cursor" {
			t.Errorf("a cursor %s: %s", c.name, a.body)
		}
	}
}
