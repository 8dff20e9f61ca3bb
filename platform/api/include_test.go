package api_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
)

type (
	writer struct {
		Name string `json:"name"`
	}
	text struct {
		Title    string                `json:"title"`
		WriterID *id.ID                `json:"writer_id"`
		Writer   api.Included[writer]  `json:"writer"`
		Sequel   api.Included[textRef] `json:"sequel"`
	}
	textRef struct {
		Title string `json:"title"`
	}
	getText struct {
		Include api.Include
	}
	listTexts struct {
		Query   page.Query
		Include api.Include
	}
	textFound struct {
		ETag api.ETag `header:"ETag"`
		Body text
	}
)

// library has texts by writers, and counts what is asked.
type library struct {
	texts   []text
	writers map[id.ID]string
	asked   [][]id.ID
}

func (l *library) byIDs(_ context.Context, ids []id.ID) (map[id.ID]string, error) {
	l.asked = append(l.asked, ids)
	if l.writers == nil {
		return nil, errors.New("the library is closed")
	}
	return l.writers, nil
}

func (l *library) embed(ctx context.Context, include api.Include, texts []text) error {
	if !include.Has("writer") {
		return nil
	}
	of := func(t *text) (*id.ID, *api.Included[writer]) { return t.WriterID, &t.Writer }
	return api.Embed(ctx, texts, of, l.byIDs, func(name string) writer { return writer{name} })
}

func (l *library) serve(t *testing.T) *server {
	t.Helper()
	one := func(ctx context.Context, in *getText) (*textFound, error) {
		texts := []text{l.texts[0]}
		if err := l.embed(ctx, in.Include, texts); err != nil {
			return nil, err
		}
		return &textFound{ETag: api.Version(3), Body: texts[0]}, nil
	}
	list := func(ctx context.Context, in *listTexts) (*api.List[text], error) {
		if err := l.embed(ctx, in.Include, l.texts); err != nil {
			return nil, err
		}
		return api.NewList(in.Query, page.Page[text]{Items: l.texts}), nil
	}
	return serve(t, api.Get("/text", one, api.Op{ID: "getText", Summary: "Get", Auth: api.Public}),
		api.Get("/texts", list, api.Op{ID: "listTexts", Summary: "List", Auth: api.Public}))
}

func newLibrary() *library {
	ann, gone := id.New(), id.New()
	return &library{
		texts:   []text{{Title: "A", WriterID: &ann}, {Title: "B", WriterID: &gone}, {Title: "C"}, {Title: "D", WriterID: &ann}},
		writers: map[id.ID]string{ann: "Ann"},
	}
}

// What is related is in an answer where it was asked for, and only there: null where there is none, with one question for all items.
func TestInclude(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	s := l.serve(t)
	if a := s.get("/texts"); strings.Contains(string(a.body), `"writer":`) || len(l.asked) != 0 {
		t.Errorf("without include: %s, asked %v", a.body, l.asked)
	}
	a := s.get("/texts?include=writer")
	var writers []string
	for piece := range strings.SplitSeq(string(a.body), `"writer":`) {
		value, _, _ := strings.Cut(piece, "}")
		writers = append(writers, value)
	}
	if got := strings.Join(writers[1:], " "); got != `{"name":"Ann" null null {"name":"Ann"` {
		t.Errorf("the writers are %s in\n%s", got, a.body)
	}
	if len(l.asked) != 1 || len(l.asked[0]) != 3 {
		t.Errorf("asked %v, want once for the three texts that have a writer", l.asked)
	}
	if a := s.get("/text?include=writer&fields=title"); string(a.body) != `{"title":"A","writer":{"name":"Ann"}}` {
		t.Errorf("with some of the fields: %s", a.body)
	}
}

// Nothing is asked when no item has anything related.
func TestIncludeOfNothing(t *testing.T) {
	t.Parallel()
	l := &library{texts: []text{{Title: "C"}}}
	if a := l.serve(t).get("/text?include=writer"); string(a.body) != `{"title":"C","writer_id":null,"writer":null}` || len(l.asked) != 0 {
		t.Errorf("%s, asked %v", a.body, l.asked)
	}
}

func TestIncludeThatFails(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	l.writers = nil
	if a := l.serve(t).get("/text?include=writer"); a.status != 500 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestIncludeOfTheUnknown(t *testing.T) {
	t.Parallel()
	s := newLibrary().serve(t)
	for query, want := range map[string]api.ProblemField{
		"include=editor":                 {In: "query", Pointer: "/include", Code: "unknown", Detail: "must be names out of writer, sequel"},
		"include=writer,editor":          {In: "query", Pointer: "/include", Code: "unknown", Detail: "must be names out of writer, sequel"},
		"include=":                       {In: "query", Pointer: "/include", Code: "unknown", Detail: "must be names out of writer, sequel"},
		"include=title":                  {In: "query", Pointer: "/include", Code: "unknown", Detail: "must be names out of writer, sequel"},
		"include=writer&include=writer":  {In: "query", Pointer: "/include", Code: "repeated", Detail: "must not be given twice"},
		"fields=writer":                  {In: "query", Pointer: "/fields", Code: "unknown", Detail: "must be names out of title, writer_id"},
		"include=writer&fields=sequel,x": {In: "query", Pointer: "/fields", Code: "unknown", Detail: "must be names out of title, writer_id"},
	} {
		a := s.get("/texts?" + query)
		if p := a.problem(t); a.status != 422 || len(p.Errors) != 1 || p.Errors[0] != want {
			t.Errorf("%s: %d %+v", query, a.status, p.Errors)
		}
	}
}

// The entity tag of an answer that embeds something changes with that, and stands for the same version.
func TestETagWithInclude(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	s := l.serve(t)
	plain, first, again := s.get("/text").get("ETag"), s.get("/text?include=writer").get("ETag"), s.get("/text?include=writer").get("ETag")
	sparse := s.get("/text?include=writer&fields=title").get("ETag")
	for ref := range l.writers {
		l.writers[ref] = "Anna"
	}
	later := s.get("/text?include=writer").get("ETag")
	if plain != `"3"` || first != again || first == later || first == sparse || !strings.HasPrefix(first, `"3-i`) || !strings.HasPrefix(sparse, `"3-f`) {
		t.Errorf("plain %s, with the writer %s and %s, then %s, with some of the fields %s", plain, first, again, later, sparse)
	}
	seen := api.Delete("/text", func(_ context.Context, in *struct {
		IfMatch api.IfMatch `header:"If-Match"`
	}) (*api.Nothing, error) {
		return nil, in.IfMatch.Versions().Allow(3)
	}, api.Op{ID: "deleteText", Summary: "Delete", Auth: api.PublicWrite("a test")})
	for _, tag := range []string{first, later, sparse, strings.TrimSuffix(first, `"`) + `-gzip"`} {
		if a := serve(t, seen).do("DELETE", "/text", "", "If-Match: "+tag); a.status != 204 {
			t.Errorf("If-Match %s: %d", tag, a.status)
		}
	}
	for _, tag := range []string{`"3-i"`, `"3-ixyz"`, `"3-i01"`, `"3-i1-i1"`, `"3-i1-f1"`, `"4-i1"`} {
		if a := serve(t, seen).do("DELETE", "/text", "", "If-Match: "+tag); a.status != 412 {
			t.Errorf("If-Match %s: %d", tag, a.status)
		}
	}
}

// What can be included is documented, and nobody has to write it.
func TestIncludeInTheDocument(t *testing.T) {
	t.Parallel()
	doc, err := newLibrary().serve(t).api.Document(api.Info{Title: "Library"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`{"description":"Related resources to embed, separated by commas.","explode":false,"in":"query","name":"include","schema":{"items":{"enum":["writer","sequel"],"type":"string"},"type":"array"}}`,
		`"writer":{"anyOf":[{"$ref":"#/components/schemas/Api_testwriter"},{"type":"null"}]}`,
		`"required":["title","writer_id"]`,
	} {
		if !strings.Contains(string(doc), want) {
			t.Errorf("the document does not hold %s:\n%s", want, doc)
		}
	}
}

// A route that says that it includes something has something to include.
func TestIncludeWithoutRelations(t *testing.T) {
	t.Parallel()
	type plain struct{ Body writer }
	a := newAPI(t, nil)
	err := a.Mount("test", api.Get("/writer", func(context.Context, *getText) (*plain, error) { return nil, fault.New(fault.NotFound, "x", "X.") },
		api.Op{ID: "getWriter", Summary: "Get", Auth: api.Public}))
	if err == nil || !strings.Contains(err.Error(), "none of type api.Included") {
		t.Errorf("%v", err)
	}
}
