package httpserver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/httpserver"
	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/ratelimit"
	sessions "github.com/banyan-go/banyan/platform/session"
	"github.com/banyan-go/banyan/platform/session/memory"
	"github.com/banyan-go/banyan/platform/telemetry"
)

// doors is what a test keeps behind the gate.
type doors struct {
	sessions *sessions.Sessions
	effects  atomic.Int64 // of POST /things that came through
	limits   map[string]ratelimit.Rule
	away     atomic.Bool // nobody can say whose a token is
}

type signIn struct {
	Body struct {
		User string `json:"user"`
		Role string `json:"role" default:"\"user\""`
	}
}

type whoAmI struct {
	Body struct {
		User string   `json:"user"`
		CSRF string   `json:"csrf"`
		Role []string `json:"roles"`
	}
}

// guarded runs a server with operations of every Auth.
func guarded(t *testing.T, d *doors, change ...func(*setup)) *server {
	t.Helper()
	gate := func(keys *keyring.Ring) httpserver.Gate {
		var err error
		d.sessions, err = sessions.New(sessions.Config{Store: "memory", Idle: time.Hour, Absolute: time.Hour, Touch: time.Minute},
			sessions.Options{Drivers: sessions.Drivers{"memory": memory.Driver{}}, Keys: keys, Plain: true})
		if err != nil {
			t.Fatal(err)
		}
		if d.limits == nil {
			d.limits = map[string]ratelimit.Rule{"test.few": {}, "test.user": {}}
		}
		cfg := ratelimit.Default()
		cfg.Legacy = true
		limits := ratelimit.New(cfg, ratelimit.Options{})
		if err := limits.Declare(d.limits); err != nil {
			t.Fatal(err)
		}
		return httpserver.Gate{Sessions: d.sessions, Limits: limits, Tokens: d.verify}
	}
	op := func(id string, auth api.Auth, allow api.Policy) api.Op {
		return api.Op{ID: id, Summary: "Test the gate", Auth: auth, Allow: allow}
	}
	effect := func(context.Context, *struct{}) (*struct{}, error) {
		d.effects.Add(1)
		return nil, nil
	}
	limited := op("limited", api.Public, api.Policy{})
	limited.Limit = "test.few"
	mine := op("mine", api.Session, api.SignedIn())
	mine.Limit = "test.user"
	known := op("knownToken", api.Token, api.Anybody())
	known.Limit = "test.user"
	routes := with(
		api.Post("/sign-in", d.signIn, op("signIn", api.PublicWrite("it asks who is there"), api.Policy{})),
		api.Post("/sign-out", d.signOut, op("signOut", api.Session, api.SignedIn())),
		api.Get("/me", d.me, op("me", api.Session, api.SignedIn())),
		api.Post("/effects", effect, op("effect", api.Session, api.SignedIn())),
		api.Put("/effects", effect, op("putEffect", api.Session, api.SignedIn())),
		api.Delete("/effects", effect, op("deleteEffect", api.Session, api.SignedIn())),
		api.Raw(http.MethodPost, "/raw", func(*fiber.Ctx) error { d.effects.Add(1); return nil }, op("raw", api.Session, api.SignedIn())),
		api.Get("/admin", effect, op("admin", api.Session, api.Roles("admin"))),
		api.Get("/token", d.me, op("token", api.Token, api.Scope("things:read"))),
		api.Get("/anybody", d.me, op("anybody", api.Public, api.Policy{})),
		api.Get("/known", d.me, op("known", api.Session, api.Anybody())),
		api.Get("/known-token", d.me, known),
		api.Get("/limited", effect, limited),
		api.Get("/mine", effect, mine),
	)
	return start(t, append([]func(*setup){routes, func(su *setup) { su.gate = gate }}, change...)...)
}

func (d *doors) signIn(ctx context.Context, in *signIn) (*whoAmI, error) {
	if _, err := d.sessions.Begin(ctx, sessions.SignIn{User: in.Body.User, Roles: []string{in.Body.Role}}); err != nil {
		return nil, err
	}
	return d.me(ctx, nil)
}

func (d *doors) signOut(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, d.sessions.End(ctx)
}

func (d *doors) me(ctx context.Context, _ *struct{}) (*whoAmI, error) {
	var out whoAmI
	caller := api.CallerFrom(ctx)
	out.Body.User, out.Body.Role = caller.Subject, caller.Roles
	if sess, ok := sessions.From(ctx); ok {
		out.Body.CSRF = d.sessions.CSRF(sess)
	}
	return &out, nil
}

func (d *doors) verify(_ context.Context, token string) (api.Caller, error) {
	switch {
	case d.away.Load():
		return api.Caller{}, errors.New("the store is away")
	case token == "good":
		return api.Caller{Subject: "robot", Scopes: []string{"things:read"}}, nil
	case token == "narrow":
		return api.Caller{Subject: "robot", Scopes: []string{"things"}}, nil
	default:
		return api.Caller{}, nil
	}
}

// visit is a browser after somebody has signed in.
type visit struct{ cookie, csrf string }

func (s *server) signIn(user, role string, headers ...string) visit {
	s.t.Helper()
	a := s.do(jsonRequest("POST", "/api/v1/test/sign-in", fmt.Sprintf(`{"user":%q,"role":%q}`, user, role), headers...))
	if a.StatusCode != http.StatusCreated {
		s.t.Fatalf("sign in: %s %s", a.Status, a.body)
	}
	_, csrf, _ := strings.Cut(string(a.body), `"csrf":"`)
	csrf, _, _ = strings.Cut(csrf, `"`)
	cookie, _, _ := strings.Cut(a.Header.Get("Set-Cookie"), ";")
	if got := a.Header.Get("X-CSRF-Token"); got == "" || got != csrf {
		s.t.Errorf("the answer that begins a session holds the token %q, want %q", got, csrf)
	}
	return visit{"Cookie: " + cookie, "X-CSRF-Token: " + csrf}
}

// Who is not known is asked to say so, and who is known and may not is told that. What was made for one caller is kept by nobody.
func TestWhoComesIn(t *testing.T) {
	t.Parallel()
	d := &doors{}
	s := guarded(t, d)
	ann, admin := s.signIn("ann", "user"), s.signIn("ben", "admin")
	for _, c := range []struct {
		name, path string
		headers    []string
		status     int
		holds      string
		challenge  string
	}{
		{"nobody", "/me", nil, 401, "unauthenticated", "Session"},
		{"somebody", "/me", []string{ann.cookie}, 200, `"user":"ann"`, ""},
		{"somebody without the role", "/admin", []string{ann.cookie}, 403, "You may not do this. Who may: role admin.", ""},
		{"somebody with the role", "/admin", []string{admin.cookie}, 204, "", ""},
		{"a session where a token is wanted", "/token", []string{ann.cookie}, 401, "wants a bearer token", "Bearer"},
		{"a token where a session is wanted", "/me", []string{"Authorization: Bearer good"}, 401, "wants a session", "Session"},
		{"a token", "/token", []string{"Authorization: bearer good"}, 200, `"user":"robot"`, ""},
		{"a token without the scope", "/token", []string{"Authorization: Bearer narrow"}, 403, "Who may: scope things:read.", `Bearer error="insufficient_scope"`},
		{"a token of nobody", "/token", []string{"Authorization: Bearer bad"}, 401, "unauthenticated", `Bearer error="invalid_token"`},
		{"another scheme", "/token", []string{"Authorization: Basic good"}, 401, "unauthenticated", `Bearer error="invalid_token"`},
		{"two tokens", "/token", []string{"Authorization: Bearer good", "Authorization: Bearer good"}, 401, "unauthenticated", `Bearer error="invalid_token"`},
		{"a token by the name that some APIs have for it", "/token", []string{"Authorization: Token good"}, 200, `"user":"robot"`, ""},
		{"somebody, where anybody may come", "/known", []string{ann.cookie}, 200, `"user":"ann"`, ""},
		{"nobody, where anybody may come", "/known", nil, 200, `"user":""`, ""},
		{"a session that is over, where anybody may come", "/known", []string{"Cookie: session=over"}, 200, `"user":""`, ""},
		{"a token, where anybody may come", "/known-token", []string{"Authorization: Bearer good"}, 200, `"user":"robot"`, ""},
		{"no token, where anybody may come", "/known-token", nil, 200, `"user":""`, ""},
		{"a token of nobody, where anybody may come", "/known-token", []string{"Authorization: Bearer bad"}, 401, "unauthenticated", `Bearer error="invalid_token"`},
		{"nobody asks in public", "/anybody", []string{ann.cookie}, 200, `"user":""`, ""},
	} {
		a := s.on(t).get("/api/v1/test"+c.path, c.headers...)
		if a.StatusCode != c.status || !strings.Contains(string(a.body), c.holds) || a.Header.Get("WWW-Authenticate") != c.challenge {
			t.Errorf("%s: %s, challenge %q, %s", c.name, a.Status, a.Header.Get("WWW-Authenticate"), a.body)
		}
		if stored := a.Header.Get("Cache-Control"); a.StatusCode < 400 && (stored == "private, no-store") == (c.path == "/anybody") {
			t.Errorf("%s: Cache-Control %q", c.name, stored)
		}
	}
	d.away.Store(true)
	if a := s.get("/api/v1/test/token", "Authorization: Bearer good"); a.StatusCode != http.StatusInternalServerError {
		t.Errorf("nobody can say whose the token is: %s", a.Status)
	}
}

// A session cookie that is worth nothing makes an anonymous caller, is taken away, and is never a fault of the server's.
func TestCookiesThatAreWorthNothing(t *testing.T) {
	t.Parallel()
	s := guarded(t, &doors{})
	ann := s.signIn("ann", "user")
	good := strings.TrimPrefix(ann.cookie, "Cookie: session=")
	ended := s.signIn("ann", "user")
	if a := s.do(request("POST", "/api/v1/test/sign-out", "", ended.cookie, ended.csrf)); a.StatusCode != 201 || !strings.Contains(a.Header.Get("Set-Cookie"), "Max-Age=0") {
		t.Fatalf("sign out: %s, %q", a.Status, a.Header.Get("Set-Cookie"))
	}
	flipped := []byte(good)
	flipped[7] ^= 1
	for name, header := range map[string]string{
		"empty":                    "Cookie: session=",
		"of eight kilobytes":       "Cookie: session=" + strings.Repeat("a", 8<<10),
		"with a flipped bit":       "Cookie: session=" + string(flipped),
		"another cookie's value":   "Cookie: theme=dark; session=dark",
		"that has ended":           ended.cookie,
		"twice, one of them good":  ann.cookie + "; session=" + string(flipped),
		"twice, both of them good": ann.cookie + "; session=" + good,
		"in two lines":             ann.cookie + "\r\n" + ann.cookie,
		"of bytes":                 "Cookie: session=\xff\xfe\x80",
		"chosen by the client":     "Cookie: session=" + strings.Repeat("A", len(good)),
	} {
		a := s.on(t).get("/api/v1/test/me", header)
		if a.StatusCode != 401 || !strings.HasPrefix(a.Header.Get("Set-Cookie"), "session=; Path=/; Max-Age=0;") {
			t.Errorf("a cookie %s: %s, Set-Cookie %q", name, a.Status, a.Header.Get("Set-Cookie"))
		}
	}
	if a := s.get("/api/v1/test/me", ann.cookie); a.StatusCode != 200 || a.Header.Get("Set-Cookie") != "" {
		t.Errorf("the good one: %s, Set-Cookie %q", a.Status, a.Header.Get("Set-Cookie"))
	}
}

// Signing in gives a new id, whatever the client came with, and the old one is worth nothing from then on.
func TestSigningInGivesANewID(t *testing.T) {
	t.Parallel()
	s := guarded(t, &doors{})
	chosen := "Cookie: session=" + strings.Repeat("B", 43)
	first := s.signIn("ann", "user", chosen)
	second := s.signIn("ann", "admin", first.cookie)
	if first.cookie == chosen || second.cookie == first.cookie || second.csrf == first.csrf {
		t.Errorf("chosen %s, then %v, then %v", chosen, first, second)
	}
	for _, old := range []string{chosen, first.cookie} {
		if a := s.get("/api/v1/test/me", old); a.StatusCode != 401 {
			t.Errorf("%s still comes in: %s", old, a.Status)
		}
	}
	if a := s.get("/api/v1/test/admin", second.cookie); a.StatusCode != 204 {
		t.Errorf("the new one: %s", a.Status)
	}
}

// A browser sends the cookie along with whatever any page makes it send. What changes something has to come from a page of this server, or to
// hold what no other page can know.
func TestOtherSitesDoNotActForAUser(t *testing.T) {
	t.Parallel()
	d := &doors{}
	s := guarded(t, d, func(su *setup) {
		su.cfg.CORS.Origins, su.cfg.CORS.Credentials = []string{"https://shop.example.com"}, true
	})
	ann, ben := s.signIn("ann", "user"), s.signIn("ben", "user")
	for _, c := range []struct {
		name    string
		headers []string
		pass    bool
	}{
		{"a page of this server", []string{"Origin: http://localhost"}, true},
		{"the same, with its port", []string{"Origin: http://localhost:80"}, true},
		{"the same over TLS that ends elsewhere", []string{"Origin: https://localhost"}, true},
		{"a page that is allowed", []string{"Origin: https://shop.example.com"}, true},
		{"the same and the right token", []string{"Origin: http://localhost", ann.csrf}, true},
		{"a browser that only says that it is the same", []string{"Sec-Fetch-Site: same-origin"}, true},
		{"a program with the token", []string{ann.csrf}, true},

		{"another site", []string{"Origin: https://evil.example"}, false},
		{"another site with the right token", []string{"Origin: https://evil.example", ann.csrf}, false},
		{"a page without an origin", []string{"Origin: null"}, false},
		{"a page without an origin, with the token", []string{"Origin: null", ann.csrf}, false},
		{"a host that looks alike", []string{"Origin: http://localhost.evil.example"}, false},
		{"a host that ends alike", []string{"Origin: http://evil-localhost"}, false},
		{"another port", []string{"Origin: http://localhost:8081"}, false},
		{"another scheme", []string{"Origin: ftp://localhost"}, false},
		{"two origins", []string{"Origin: http://localhost", "Origin: https://evil.example"}, false},
		{"two origins, with the token", []string{"Origin: http://localhost", "Origin: https://evil.example", ann.csrf}, false},
		{"an empty origin", []string{"Origin: "}, false},
		{"a browser that says that it is another site", []string{"Sec-Fetch-Site: cross-site"}, false},
		{"a neighbour in the domain", []string{"Sec-Fetch-Site: same-site"}, false},
		{"nothing at all", nil, false},
		{"the token of another session", []string{ben.csrf}, false},
		{"the same page with the token of another session", []string{"Origin: http://localhost", ben.csrf}, false},
		{"a token that is none", []string{"X-CSRF-Token: " + strings.Repeat("A", 27)}, false},
		{"an empty token", []string{"X-CSRF-Token: "}, false},
	} {
		for _, r := range []string{"POST /effects", "PUT /effects", "DELETE /effects", "POST /raw"} {
			method, path, _ := strings.Cut(r, " ")
			for _, form := range []string{"", "Content-Type: text/plain"} {
				before := d.effects.Load()
				headers := append([]string{ann.cookie}, c.headers...)
				if form != "" {
					headers = append(headers, form)
				}
				a := s.on(t).do(request(method, "/api/v1/test"+path, "", headers...))
				if passed := d.effects.Load() != before; passed != c.pass || (a.StatusCode == 403) == c.pass {
					t.Errorf("%s, %s %s: %s", c.name, r, form, a.Status)
				}
			}
		}
	}
	if a := s.get("/api/v1/test/me", ann.cookie, "Origin: https://evil.example"); a.StatusCode != 200 {
		t.Errorf("what changes nothing is nobody's business: %s", a.Status)
	}
}

// Nobody is signed in to an account of somebody else's by a page that they visit.
func TestOtherSitesSignNobodyIn(t *testing.T) {
	t.Parallel()
	s := guarded(t, &doors{})
	for header, status := range map[string]int{
		"Origin: http://localhost": 201, "X-Nothing: 1": 201, "Origin: https://evil.example": 403, "Origin: null": 403, "Sec-Fetch-Site: cross-site": 403,
	} {
		a := s.on(t).do(jsonRequest("POST", "/api/v1/test/sign-in", `{"user":"mallory"}`, header))
		if a.StatusCode != status || (a.Header.Get("Set-Cookie") != "") != (status == 201) {
			t.Errorf("%s: %s, Set-Cookie %q", header, a.Status, a.Header.Get("Set-Cookie"))
		}
	}
}

// The limit of a route is told with every answer, and who comes too often is sent away until it is time.
func TestHowOften(t *testing.T) {
	t.Parallel()
	few := ratelimit.Rule{Max: 2, Window: time.Hour, Key: ratelimit.IP}
	user := ratelimit.Rule{Max: 2, Window: time.Hour, Key: ratelimit.UserOrIP}
	s := guarded(t, &doors{limits: map[string]ratelimit.Rule{"test.few": few, "test.user": user}}, proxies("10.0.0.0/8"))
	ann, again, ben := s.signIn("ann", "user"), s.signIn("ann", "user"), s.signIn("ben", "user")
	for i, c := range []struct {
		path    string
		headers []string
		status  int
		limit   string
	}{
		{"/limited", nil, 204, `"test.few";r=1;t=3600`},
		{"/limited", []string{"X-Forwarded-For: 192.0.2.1"}, 204, `"test.few";r=0;t=3600`}, // nobody trusts this client
		{"/limited", []string{"X-Forwarded-For: 192.0.2.2", ben.cookie}, 429, `"test.few";r=0;t=3600`},
		{"/mine", []string{ann.cookie}, 204, `"test.user";r=1;t=3600`},
		{"/mine", []string{again.cookie}, 204, `"test.user";r=0;t=3600`},
		{"/mine", []string{ann.cookie}, 429, `"test.user";r=0;t=3600`},
		{"/mine", []string{ben.cookie}, 204, `"test.user";r=1;t=3600`},
		{"/mine", nil, 401, `"test.user";r=1;t=3600`}, // counted for the address
		{"/mine", []string{"Cookie: session=x"}, 401, `"test.user";r=0;t=3600`},
		{"/mine", []string{"Cookie: session=y"}, 429, `"test.user";r=0;t=3600`},
		{"/known-token", []string{"Authorization: Bearer guessed"}, 429, `"test.user";r=0;t=3600`},
		{"/anybody", nil, 200, `"default";r=596;t=60`}, // behind those who have signed in
	} {
		a := s.get("/api/v1/test"+c.path, c.headers...)
		retry := a.Header.Get("Retry-After")
		if a.StatusCode != c.status || a.Header.Get("RateLimit") != c.limit || (retry == "3600") != (c.status == 429) {
			t.Errorf("request %d to %s: %s, RateLimit %s, Retry-After %q", i, c.path, a.Status, a.Header.Get("RateLimit"), retry)
		}
	}
	if a := s.get("/api/v1/test/limited"); a.problem(t).Code != "rate_limited" || a.Header.Get("RateLimit-Policy") != `"test.few";q=2;w=3600` {
		t.Errorf("%s, RateLimit-Policy %q", a.body, a.Header.Get("RateLimit-Policy"))
	}
	for name, header := range map[string]string{"X-RateLimit-Limit": "2", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "3600"} {
		if a := s.get("/api/v1/test/limited"); a.Header.Get(name) != header {
			t.Errorf("%s is %q, want %s", name, a.Header.Get(name), header)
		}
	}
	for range 5 {
		if a := s.get("/livez"); a.StatusCode != 200 || a.Header.Get("RateLimit") != "" {
			t.Errorf("health: %s, RateLimit %q", a.Status, a.Header.Get("RateLimit"))
		}
	}
}

// A rule that counts nobody on a route would be no limit, and nobody would see that.
func TestALimitThatCannotCountIsNoLimit(t *testing.T) {
	t.Parallel()
	for key, says := range map[ratelimit.Key]string{
		ratelimit.User:    "route GET /api/v1/test/limited: the rate limit test.few (2 per 1h by user, window, down local) counts users, and on a public route nobody knows them",
		ratelimit.Subject: "route GET /api/v1/test/limited: the rate limit test.few (2 per 1h by subject, window, down local) counts what the code of a module hands to it",
	} {
		limits := ratelimit.New(ratelimit.Default(), ratelimit.Options{})
		if err := limits.Declare(map[string]ratelimit.Rule{"test.few": {Max: 2, Window: time.Hour, Key: key}}); err != nil {
			t.Fatal(err)
		}
		tel, err := telemetry.New(telemetry.DefaultConfig(), telemetry.Options{Out: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		operations := api.New(api.Limits{}, nil, tel.Logger())
		op := api.Op{ID: "limited", Summary: "Test a limit", Auth: api.Public, Limit: "test.few"}
		if err := operations.Mount("test", api.Get("/limited", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }, op)); err != nil {
			t.Fatal(err)
		}
		_, err = httpserver.New(httpserver.Default(), httpserver.Options{Gate: httpserver.Gate{Limits: limits}}, operations, httpserver.NewHealth(), tel, &lifecycle.Lifecycle{})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("by %s: %v", key, err)
		}
	}
}

// Behind a proxy that is believed the clients are counted, and not the proxy.
func TestClientsBehindAProxyAreCounted(t *testing.T) {
	t.Parallel()
	one := ratelimit.Rule{Max: 1, Window: time.Hour, Key: ratelimit.IP}
	s := guarded(t, &doors{limits: map[string]ratelimit.Rule{"test.few": one, "test.user": {}}}, proxies("127.0.0.0/8"))
	for i, c := range []struct {
		client string
		status int
	}{
		{"192.0.2.1", 204}, {"192.0.2.2", 204}, {"192.0.2.1", 429}, {"192.0.2.9, 192.0.2.2", 429}, // the rightmost is what the proxy has seen
		{"2001:db8:1:1::1", 204}, {"2001:db8:1:1:ffff::2", 429}, {"2001:db8:1:2::1", 204}, // a household has a /64
	} {
		if a := s.get("/api/v1/test/limited", "X-Forwarded-For: "+c.client); a.StatusCode != c.status {
			t.Errorf("request %d of %s: %s, want %d", i, c.client, a.Status, c.status)
		}
	}
	// A proxy that adds a line of its own adds it to one that the client has left empty, too.
	for i, client := range []string{"192.0.2.31", "192.0.2.32"} {
		if a := s.get("/api/v1/test/limited", "X-Forwarded-For:", "X-Forwarded-For: "+client); a.StatusCode != 204 {
			t.Errorf("client %d behind an empty line: %s", i, a.Status)
		}
	}
}
