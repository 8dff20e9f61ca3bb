package httpserver_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
	"github.com/banyan-go/banyan/platform/patch"
)

type thing struct {
	ID      id.ID    `json:"id"`
	Name    string   `json:"name"`
	Size    int64    `json:"size"`
	Tags    []string `json:"tags"`
	Version int64    `json:"version"`
}

type thingDraft struct {
	Name  string   `json:"name" minLength:"1" maxLength:"64"`
	Size  int64    `json:"size" minimum:"0" maximum:"1000" default:"1"`
	Ratio float64  `json:"ratio" default:"0.5"`
	Owner *id.ID   `json:"owner"`
	Tags  []string `json:"tags" maxItems:"10" default:"[]"`
}

type thingChange struct {
	Name patch.Change[string] `json:"name" minLength:"1" maxLength:"64"`
	Size patch.Change[int64]  `json:"size" minimum:"0" maximum:"1000"`
}

type (
	createThing struct{ Body thingDraft }
	getThing    struct {
		ID id.ID `path:"id"`
	}
	changeThing struct {
		ID      id.ID       `path:"id"`
		IfMatch api.IfMatch `header:"If-Match"`
		Body    thingChange
	}
	deleteThing struct {
		ID      id.ID       `path:"id"`
		IfMatch api.IfMatch `header:"If-Match"`
	}
	listThings struct{ Query page.Query }
	thingFound struct {
		Location string   `header:"Location"`
		ETag     api.ETag `header:"ETag"`
		Body     thing
	}
)

// store is a small resource in memory.
type store struct {
	mu   sync.Mutex
	rows []thing // in the order of their ids
}

// things are the operations on a store with 5 things in it.
func things() []api.Route {
	s := &store{}
	for i := range 5 {
		s.add(thing{ID: id.New(), Name: "thing " + strconv.Itoa(i), Size: int64(i), Tags: []string{}, Version: 1})
	}
	open := api.PublicWrite("a test")
	list := page.Spec{Search: []string{"name"}, Fields: []page.Field{
		{Name: "name", Type: page.String(), Filter: true, Sort: true},
		{Name: "size", Type: page.Int(), Filter: true},
		{Name: "secret_plan", Type: page.String()},
	}}
	return []api.Route{
		api.Get("/things", s.list, api.Op{ID: "listThings", Summary: "List things", Auth: api.Public, List: list}),
		api.Post("/things", s.create, api.Op{ID: "createThing", Summary: "Create a thing", Auth: open}),
		api.Get("/things/{id}", s.get, api.Op{ID: "getThing", Summary: "Get a thing", Auth: api.Public}),
		api.Patch("/things/{id}", s.change, api.Op{ID: "changeThing", Summary: "Change a thing", Auth: open}),
		api.Delete("/things/{id}", s.remove, api.Op{ID: "deleteThing", Summary: "Delete a thing", Auth: open}),
	}
}

func (s *store) add(t thing) {
	s.rows = append(s.rows, t)
	slices.SortFunc(s.rows, func(a, b thing) int { return a.ID.Compare(b.ID) })
}

func (s *store) find(key id.ID) (*thing, error) {
	i, ok := slices.BinarySearchFunc(s.rows, key, func(t thing, key id.ID) int { return t.ID.Compare(key) })
	if !ok {
		return nil, fault.New(fault.NotFound, "thing_not_found", "No such thing.")
	}
	return &s.rows[i], nil
}

func (s *store) create(_ context.Context, in *createThing) (*thingFound, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := thing{ID: id.New(), Name: in.Body.Name, Size: in.Body.Size, Tags: in.Body.Tags, Version: 1}
	s.add(t)
	return &thingFound{Location: "/api/v1/test/things/" + t.ID.String(), ETag: api.Version(1), Body: t}, nil
}

func (s *store) get(_ context.Context, in *getThing) (*thingFound, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.find(in.ID)
	if err != nil {
		return nil, err
	}
	return &thingFound{ETag: api.Version(t.Version), Body: *t}, nil
}

func (s *store) change(_ context.Context, in *changeThing) (*thingFound, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.find(in.ID)
	if err != nil {
		return nil, err
	}
	if err := in.IfMatch.Versions().Allow(t.Version); err != nil {
		return nil, err
	}
	in.Body.Name.To(&t.Name)
	in.Body.Size.To(&t.Size)
	t.Version++
	return &thingFound{ETag: api.Version(t.Version), Body: *t}, nil
}

func (s *store) remove(_ context.Context, in *deleteThing) (*struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.find(in.ID)
	if err != nil {
		return nil, err
	}
	if err := in.IfMatch.Versions().Allow(t.Version); err != nil {
		return nil, err
	}
	s.rows = slices.DeleteFunc(s.rows, func(x thing) bool { return x.ID == in.ID })
	return nil, nil
}

// list pages through the things in the order of their ids, whatever order was asked for: what matters here is the way of the query.
func (s *store) list(_ context.Context, in *listThings) (*api.List[thing], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := in.Query
	var found []thing
	for _, t := range s.rows {
		if strings.Contains(t.Name, q.Search) {
			found = append(found, t)
		}
	}
	begin := 0
	if q.From != nil {
		begin = slices.IndexFunc(found, func(t thing) bool { return t.ID == q.From.ID }) + 1
	}
	p := page.Page[thing]{Items: found[begin:min(begin+q.Limit, len(found))]}
	if begin+q.Limit < len(found) {
		last := p.Items[len(p.Items)-1]
		p.Next = &page.Key{Value: sortValue(q, last), ID: last.ID}
	}
	return api.NewList(q, p), nil
}

func sortValue(q page.Query, t thing) any {
	if q.Sort.Field.Name == "name" {
		return t.Name
	}
	return t.ID
}
