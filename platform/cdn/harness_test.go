package cdn_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/cdn"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/files"
	"github.com/banyan-go/banyan/platform/files/disk"
	"github.com/banyan-go/banyan/platform/httpserver"
	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/leaktest"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/servertest"
	"github.com/banyan-go/banyan/platform/telemetry"
	"github.com/banyan-go/banyan/platform/unit"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// site is an application with a cache in front.
type site struct {
	t     *testing.T
	front string // address of the cache
	app   string // of the application behind it, 127.0.0.1:1234
	pages *cache.Group[string, string]
	cache *cache.Cache
	files *files.Files
	hold  chan chan struct{} // tells of a request for the page held, and holds it up once it has read

	mu    sync.Mutex
	texts map[string]string
	asked atomic.Int64 // times that the application was asked
}

type (
	pageIn struct {
		ID string `path:"id"`
	}
	manyIn struct {
		IDs []string `query:"ids"`
	}
	languageIn struct {
		Language string `header:"Accept-Language"`
	}
	pageOut struct {
		Body struct {
			Text string `json:"text"`
		}
	}
)

func said(text string) *pageOut {
	var out pageOut
	out.Body.Text = text
	return &out
}

// frontends are the caches that are known, by vendor: each is started in front of an application, with the configuration of the guide, and returns the address
// for everybody and that for purges.
func frontends() map[string]func(t *testing.T, app string) (front, purge string, c *servertest.WebCache) {
	return map[string]func(*testing.T, string) (string, string, *servertest.WebCache){
		"varnish": func(t *testing.T, app string) (string, string, *servertest.WebCache) {
			host, port, _ := net.SplitHostPort(app)
			vcl := replace(t, block(t, "vcl"), `.host = "127.0.0.1"`, `.host = "`+host+`"`, `.port = "8080"`, `.port = "`+port+`"`)
			c := servertest.StartVarnish(t, vcl)
			return c.URL(), c.URL(), c
		},
		"varnish with bans": func(t *testing.T, app string) (string, string, *servertest.WebCache) {
			host, port, _ := net.SplitHostPort(app)
			vcl := replace(t, block(t, "vcl"), `.host = "127.0.0.1"`, `.host = "`+host+`"`, `.port = "8080"`, `.port = "`+port+`"`,
				"import xkey;\n", "", "        set req.http.X-Purged = xkey.purge(req.http.xkey-purge);\n", nth(t, "vcl", 1))
			c := servertest.StartVarnish(t, vcl)
			return c.URL(), c.URL(), c
		},
		"nginx": func(t *testing.T, app string) (string, string, *servertest.WebCache) {
			purge := servertest.Addr(t)
			c := servertest.StartNginx(t, func(dir, addr string) string {
				return replace(t, block(t, "nginx"), "/var/cache/nginx/app", dir+"/app",
					"listen 80;", "listen "+addr+";", "listen 127.0.0.1:8081;", "listen "+purge+";", "http://127.0.0.1:8080", "http://"+app)
			})
			return c.URL(), "http://" + purge, c
		},
	}
}

// block returns the first block of the guide in a language, nth the one with that number.
func block(t *testing.T, language string) string { return nth(t, language, 0) }

func nth(t *testing.T, language string, n int) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/guide/http-caching.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(page), "```"+language+"\n")
	if len(parts) < n+2 {
		t.Fatalf("the guide has %d blocks in %s", len(parts)-1, language)
	}
	text, _, _ := strings.Cut(parts[n+1], "```")
	return text
}

// replace replaces texts that have to be there.
func replace(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("%q is not in the configuration of the guide", pairs[i])
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

// newSite runs an application and a cache in front.
func newSite(t *testing.T, vendor string, again time.Duration) (*site, *servertest.WebCache) {
	t.Helper()
	addr := servertest.Addr(t)
	front, purge, inFront := frontends()[vendor](t, addr)
	s := &site{t: t, front: front, app: addr, texts: map[string]string{}, hold: make(chan chan struct{})}
	var lc lifecycle.Lifecycle
	tel, err := telemetry.New(telemetry.DefaultConfig(), telemetry.Options{Out: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	values, err := cache.New(cache.Default(), cache.Options{}, &lc)
	if err != nil {
		t.Fatal(err)
	}
	s.cache = values
	s.pages = cache.Of(values, "test.pages", cache.Rule{}, s.load)
	cfg := cdn.Default()
	cfg.Vendor, _, _ = strings.Cut(vendor, " ")
	cfg.Caches = []string{purge}
	edge, err := cdn.New(cfg, cdn.Options{App: "test", Again: again, Metrics: tel}, &lc)
	if err != nil {
		t.Fatal(err)
	}
	values.OnInvalidate(cfg.Wait, edge.Invalidate)
	values.OnDrop(edge.Forget)
	if s.files, err = files.New(files.Default(), t.TempDir(), files.Drivers{"disk": disk.Driver{}}, tel.Logger(), &lc); err != nil {
		t.Fatal(err)
	}
	s.files.Announce()
	s.files.InFront(edge, values.InvalidateTags)
	keys, err := keyring.Parse(keyring.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	operations := api.New(api.Limits{Body: 1 << 20}, keys, tel.Logger())
	operations.Guard("session", api.Token)
	if err := operations.Mount("test", s.routes()...); err != nil {
		t.Fatal(err)
	}
	web := httpserver.Default()
	web.Addr, web.OpsAddr, web.Drain = addr, unit.Exactly("127.0.0.1:0"), unit.Exactly(time.Duration(0))
	verify := func(_ context.Context, token string) (api.Caller, error) { return api.Caller{Subject: token}, nil }
	reads := func(ctx context.Context, tags []string) (context.Context, httpserver.Reads) {
		ctx, r := cache.Collect(ctx)
		values.Depend(r, tags...)
		return ctx, r
	}
	if _, err := httpserver.New(web, httpserver.Options{Pages: s.files.Pages(), Reads: reads, Edge: edge, Gate: httpserver.Gate{Tokens: verify}}, operations, httpserver.NewHealth(), tel, &lc); err != nil {
		t.Fatal(err)
	}
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lc.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("stop: %v", err)
		}
		_ = tel.Stop(context.WithoutCancel(t.Context()))
	})
	return s, inFront
}

func (s *site) routes() []api.Route {
	here := api.Caching{SMaxAge: time.Hour, Server: time.Hour, Tags: []string{"pages"}}
	edge := api.Caching{SMaxAge: time.Hour, StaleWhileRevalidate: time.Hour, Tags: []string{"pages"}}
	open := func(id string, c api.Caching) api.Op {
		return api.Op{ID: id, Summary: "For a test", Auth: api.Public, Cache: c}
	}
	return []api.Route{
		api.Get("/pages/{id}", s.page, open("page", edge)),
		api.Get("/kept/{id}", s.page, open("kept", here)),
		api.Get("/many", s.many, open("many", edge)),
		api.Get("/greeting", s.greeting, open("greeting", edge)),
		api.Get("/me", s.me, api.Op{ID: "me", Summary: "For a test", Auth: api.Token, Allow: api.SignedIn()}),
		api.Raw(http.MethodGet, "/cookie", func(c *fiber.Ctx) error {
			s.asked.Add(1)
			c.Set("Set-Cookie", "visit=1")
			return c.SendString("welcome")
		}, open("cookie", edge)),
		api.Raw(http.MethodGet, "/html/{id}", func(c *fiber.Ctx) error {
			s.asked.Add(1)
			text, err := s.pages.Get(c.UserContext(), c.Params("id"))
			if err != nil {
				return err
			}
			return c.SendString(text)
		}, open("html", edge)),
	}
}

func (s *site) load(_ context.Context, id string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, ok := s.texts[id]
	if !ok {
		return "", fault.New(fault.NotFound, "page_not_found", "There is no such page.")
	}
	return text, nil
}

func (s *site) page(ctx context.Context, in *pageIn) (*pageOut, error) {
	s.asked.Add(1)
	text, err := s.pages.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if in.ID == "held" {
		leave := make(chan struct{})
		s.hold <- leave
		<-leave
	}
	return said(text), nil
}

func (s *site) many(ctx context.Context, in *manyIn) (*pageOut, error) {
	s.asked.Add(1)
	var all []string
	for _, id := range in.IDs {
		text, err := s.pages.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return said(strings.Join(all, " ")), nil
}

func (s *site) greeting(_ context.Context, in *languageIn) (*pageOut, error) {
	s.asked.Add(1)
	return said("greeting in " + in.Language), nil
}

func (s *site) me(ctx context.Context, _ *struct{}) (*pageOut, error) {
	s.asked.Add(1)
	return said(api.CallerFrom(ctx).Subject), nil
}

// write changes a page, and returns once its invalidation has.
func (s *site) write(id, text string) error {
	s.mu.Lock()
	s.texts[id] = text
	s.mu.Unlock()
	return s.pages.Invalidate(s.t.Context(), id)
}

// tagged invalidates what has a tag.
func (s *site) tagged(tag string) error { return s.cache.InvalidateTags(s.t.Context(), tag) }

func (s *site) mustWrite(id, text string) {
	s.t.Helper()
	if err := s.write(id, text); err != nil {
		s.t.Fatal(err)
	}
}

// answer is one response, read whole.
type answer struct {
	*http.Response
	text string
}

// get asks the cache in front; headers are "Name: value".
func (s *site) get(path string, headers ...string) answer {
	s.t.Helper()
	a, err := s.ask(path, headers...)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

func (s *site) ask(path string, headers ...string) (answer, error) {
	if !strings.HasPrefix(path, files.Prefix) {
		path = "/api/v1/test" + path
	}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.front+path, nil)
	if err != nil {
		return answer{}, err
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Add(name, value)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}, Timeout: 20 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil {
		return answer{}, err
	}
	return answer{resp, body.String()}, resp.Body.Close()
}

// direct sends a request to the application itself, and checks what is in the answer.
func (s *site) direct(request, text string) {
	s.t.Helper()
	conn, err := new(net.Dialer).DialContext(s.t.Context(), "tcp", s.app)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		s.t.Fatal(err)
	}
	if got, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 200 ") || !strings.Contains(string(got), text) {
		s.t.Errorf("%q: %.200q, error %v", request, got, err)
	}
}

// want asks for a path and checks the answer, and whether the application was asked for it.
func (s *site) want(path, text string, asked bool, headers ...string) answer {
	s.t.Helper()
	before := s.asked.Load()
	a := s.get(path, headers...)
	if a.StatusCode != http.StatusOK || !strings.Contains(a.text, text) {
		s.t.Errorf("%s %q: %s %.80s, want %s", path, headers, a.Status, a.text, text)
	}
	if got := s.asked.Load() - before; got != map[bool]int64{true: 1}[asked] {
		s.t.Errorf("%s %q: the application was asked %d times", path, headers, got)
	}
	return a
}

// behind runs a test with each of these caches in front.
func behind(t *testing.T, test func(t *testing.T, s *site), vendors ...string) {
	t.Parallel()
	for _, vendor := range vendors {
		t.Run(vendor, func(t *testing.T) {
			t.Parallel()
			s, _ := newSite(t, vendor, time.Hour)
			test(t, s)
		})
	}
}

func ids(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "&ids=%d", i)
	}
	return "?" + b.String()[1:]
}
