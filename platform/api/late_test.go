package api_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/banyan-go/banyan/platform/api"
)

type (
	lateIn struct {
		Name string `query:"name"`
	}
	lateOut struct {
		Body struct {
			Name string `json:"name"`
		}
	}
	wrongOut struct {
		Body struct {
			Name string `json:"name" minlength:"1"`
		}
	}
)

func lateRoutes() []api.Route {
	echo := func(_ context.Context, in *lateIn) (*lateOut, error) {
		out := &lateOut{}
		out.Body.Name = in.Name
		return out, nil
	}
	return []api.Route{api.Get("/echo", echo, op("echo")), route("GET", "/raw", "raw")}
}

// Types that are planned late do what those do that are planned at once, whoever comes first.
func TestPlanLate(t *testing.T) {
	t.Parallel()
	early := serve(t, lateRoutes()...)
	late := &server{t: t, ctx: t.Context(), log: &bytes.Buffer{}, api: newAPI(t, slog.New(slog.DiscardHandler))}
	late.api.PlanLate()
	if err := late.api.Mount("test", lateRoutes()...); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if a := late.do("GET", "/echo?name=a", ""); a.status != 200 || string(a.body) != `{"name":"a"}` {
				t.Errorf("%d %s", a.status, a.body)
			}
			if a := late.do("GET", "/echo?nam=a", ""); a.status != 422 {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	all.Wait()
	want, err := early.api.Document(api.Info{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := late.api.Document(api.Info{}); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the document is another one: %v\n%s\nwant\n%s", err, got, want)
	}
}

// What is wrong with a type is told when it is planned: late to the operator, and in the document.
func TestMistakeThatIsFoundLate(t *testing.T) {
	t.Parallel()
	wrong := api.Get("/wrong", func(context.Context, *struct{}) (*wrongOut, error) { return &wrongOut{}, nil }, op("wrong"))
	if err := newAPI(t, slog.New(slog.DiscardHandler)).Mount("test", wrong); err == nil {
		t.Error("it is not found at once")
	}
	s := &server{t: t, ctx: t.Context(), log: &bytes.Buffer{}}
	s.api = newAPI(t, slog.New(slog.NewJSONHandler(s.log, nil)))
	s.api.PlanLate()
	if err := s.api.Mount("test", wrong); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if a := s.do("GET", "/wrong", ""); a.status != 500 || strings.Contains(string(a.body), "minlength") {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if log := s.log.String(); strings.Count(log, "route GET /api/v1/test/wrong") != 2 || !strings.Contains(log, "did you mean minLength?") {
		t.Errorf("the log is %s", log)
	}
	if _, err := s.api.Document(api.Info{}); err == nil || !strings.Contains(err.Error(), "describe wrong") {
		t.Errorf("the document: %v", err)
	}
}
