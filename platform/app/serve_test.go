package app_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/lifecycle"
)

// One screen tells where the application is.
func TestBanner(t *testing.T) {
	t.Parallel()
	r := newMachine(t).serve("--mode", "dev", "--profile", "another")
	want := `^prog \S+ · profile another · mode dev · sqlite
serving  http://localhost:\d+   ready in \d+ ms
docs     http://localhost:\d+/docs
ops      http://localhost:\d+/metrics
$`
	if got := r.err.String(); !regexp.MustCompile(want).MatchString(got) {
		t.Errorf("it says\n%s", got)
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	r := m.serve("--mode", "test")
	r.wantGet(r.url+"/api/v1/notes/notes", 200)
	if code := r.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, r.err)
	}
	for _, want := range []string{`"route":"/api/v1/notes/notes"`, `"msg":"stopping"`} {
		if !strings.Contains(r.out.String(), want) {
			t.Errorf("the log lacks %s: it holds\n%s", want, r.out)
		}
	}
}

// A program that is told to stop while it starts does so, and leaves nothing behind.
func TestStopWhileStarting(t *testing.T) {
	t.Parallel()
	starting := make(chan struct{})
	m := newMachine(t)
	m.program = program(hooked(lifecycle.Hook{Name: "slow", Start: func(ctx context.Context) error {
		close(starting)
		<-ctx.Done()
		return ctx.Err()
	}}))
	r := m.launch()
	<-starting
	if code := r.stop(); code != 130 || r.err.String() != "error: interrupted while starting\n" {
		t.Errorf("exit code %d: %s", code, r.err)
	}
	m.run("migrate", "status").want(6) // the database is free
}

// What a module starts beside the requests may use the database from its start to its stop.
func TestModulesStartAfterTheDatabaseAndStopBeforeIt(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.program = program(variant{hook: func(n *notes) lifecycle.Hook {
		note := func(text string) func(context.Context) error {
			return func(ctx context.Context) error { return n.insert(ctx, text) }
		}
		return lifecycle.Hook{Name: "worker", Start: note("start"), Stop: note("stop")}
	}})
	if code := m.serve("--mode", "test").stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	m.program = program(variant{})
	r := m.serve()
	if got := r.wantGet(r.url+"/api/v1/notes/notes", 200); got != `{"notes":2}` {
		t.Errorf("the table holds %s, want what was written at the start and at the stop", got)
	}
}

// hooked is the program with something that starts and stops.
func hooked(h lifecycle.Hook) variant {
	return variant{hook: func(*notes) lifecycle.Hook { return h }}
}

func TestStartThatFails(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.program = program(hooked(lifecycle.Hook{Name: "broker", Start: func(context.Context) error { return errors.New("nobody there") }}))
	m.run("serve").want(5, "error: start modules: start broker: nobody there\n")
}

func TestStopThatFails(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.program = program(hooked(lifecycle.Hook{Name: "broker", Stop: func(context.Context) error { return errors.New("lost a message") }}))
	r := m.serve()
	if code := r.stop(); code != 1 || !strings.Contains(r.err.String(), "error: stop modules: stop broker: lost a message\n") {
		t.Errorf("exit code %d: %s", code, r.err)
	}
	m.run("migrate", "up").want(0) // the rest was stopped all the same: the database is free
}

// A defect in a handler costs its request and nothing else; what it says is for the log.
func TestPanicOfAHandler(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.program = program(variant{routes: []api.Route{
		api.Raw("GET", "/panic", func(*fiber.Ctx) error { panic("the inside") }, api.Op{ID: "panic", Summary: "Panic", Auth: api.Public}),
	}})
	r := m.serve("--mode", "test")
	if body := r.wantGet(r.url+"/api/v1/notes/panic", 500); strings.Contains(body, "inside") || strings.Contains(body, ".go") {
		t.Errorf("it answers %s", body)
	}
	r.wantGet(r.url+"/api/v1/notes/notes", 200)
	r.stop()
	if !strings.Contains(r.out.String(), "the inside") {
		t.Errorf("the log: %s", r.out)
	}
}

// Programs in one process share nothing.
func TestProgramsAreApart(t *testing.T) {
	t.Parallel()
	one, two := newMachine(t).serve("--mode", "test"), newMachine(t).serve("--mode", "test")
	resp, err := one.client.Post(one.url+"/api/v1/notes/notes", "application/json", strings.NewReader(`{"text":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		t.Fatalf("add a note: %s", resp.Status)
	}
	for r, notes := range map[*running]string{one: `{"notes":1}`, two: `{"notes":0}`} {
		if got := r.wantGet(r.url+"/api/v1/notes/notes", 200); got != notes {
			t.Errorf("%s holds %s, want %s", r.url, got, notes)
		}
	}
	if metrics := two.wantGet(two.ops+"/metrics", 200); strings.Contains(metrics, `method="POST",http_response`) {
		t.Error("the metrics of one are in the other")
	}
	if one.stop() != 0 {
		t.Error("it does not stop well")
	}
	two.wantGet(two.url+"/readyz", 200)
}
