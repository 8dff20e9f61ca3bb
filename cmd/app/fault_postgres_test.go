package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/servertest"
)

// database returns what the ops listener says of the database.
func (s *site) database() string {
	s.t.Helper()
	return s.ops.Get("/readyz").Text("/checks/database")
}

// bounded is what no answer may exceed on a machine that has other things to do: far above our limits, which are seconds, and far below those of
// TCP, which are minutes. `go run ./bench --parts storm` measures.
const bounded = 20 * time.Second

// awaitReady waits until the application is ready.
func (s *site) awaitReady() {
	s.t.Helper()
	s.eventually("it is ready", func() bool { return s.public.Get("/readyz").Status == http.StatusOK })
}

// A server that is killed under writes, and starts again, costs the time that it is away: writes and reads are answered at once with 503 and
// when to come back, readiness says what is wrong to those who may know, and nothing that was acknowledged is lost.
func TestPostgresKilled(t *testing.T) {
	t.Parallel()
	s := deploy(t)
	l := newLedger(t)
	w := startWriters(t, "writer", s.process, l, 4)
	for range 3 {
		for range 50 {
			w.until(t, "it writes", created)
		}
		s.server.Kill(t)
		away := w.until(t, "writes are refused", unavailable)
		for range 20 {
			away = append(away, w.until(t, "writes are refused", unavailable)...)
		}
		for _, o := range away {
			if unavailable(o) && (o.code != "database_busy" || o.retry != "1") || !unavailable(o) && !created(o) && o.status != http.StatusInternalServerError {
				t.Errorf("while the server is away: %+v", o)
			}
		}
		if longest := slowest(away); longest > bounded {
			t.Errorf("an answer took %s", longest)
		}
		s.public.Get(products).WantProblem(503, "database_busy").WantHeader("Retry-After", "1")
		s.public.Get("/livez").Want(200)
		s.public.Get("/readyz").Want(503).WantAt("", `{"status":"failing"}`)
		if why := s.database(); !strings.HasPrefix(why, "no connection to PostgreSQL at 127.0.0.1") {
			t.Errorf("readiness says to operators: %s", why)
		}
		s.server.Start(t)
		w.until(t, "it writes again", created)
	}
	w.end()
	s.awaitReady()
	l.kept(s.public, w.tried)
	if log := s.out.String(); !strings.Contains(log, "no connection to PostgreSQL at 127.0.0.1") {
		t.Errorf("the log does not tell why: %s", log)
	}
}

// A server that answers slowly is waited for, and one that says nothing any more is given up: a request ends at its limits and not at those of
// TCP, and who waits in vain for a connection learns that after the second that a wait may take.
func TestPostgresSilent(t *testing.T) {
	t.Parallel()
	s := deploy(t)
	l := newLedger(t)
	w := startWriters(t, "writer", s.process, l, 8) // twice the pool
	w.until(t, "it writes", created)
	s.proxy.Delay(500 * time.Millisecond)
	w.until(t, "it writes", created)
	slow := w.until(t, "it writes slowly", created)
	for _, o := range slow {
		if !created(o) && (!unavailable(o) || o.retry != "1") {
			t.Errorf("of a slow server: %+v", o)
		}
	}
	s.proxy.Delay(0)

	s.proxy.Silence(true)
	seen := map[int]bool{}
	silent := w.until(t, "each of them is refused", func(o outcome) bool {
		if unavailable(o) {
			seen[o.writer] = true
		}
		return len(seen) == 8
	})
	// A transaction that runs is given up after the limit of a statement, 2 s, and half a second.
	if longest := slowest(silent); longest > bounded {
		t.Errorf("an answer took %s", longest)
	}
	began := time.Now()
	s.public.Get(products).WantProblem(503, "database_busy")
	s.public.Get("/readyz").Want(503)
	why := s.database()
	if took := time.Since(began); took > bounded || why == "ok" {
		t.Errorf("readiness says %q, after %s", why, took)
	}
	s.public.Get("/livez").Want(200)

	s.proxy.Silence(false)
	w.until(t, "it writes again", created)
	w.end()
	s.awaitReady()
	l.kept(s.public, w.tried)

	s.proxy.OnRequest(func(request []byte) servertest.Verdict {
		if strings.Contains(string(request), "commit") {
			s.proxy.Silence(true)
		}
		return servertest.Forward
	})
	began = time.Now()
	s.public.Post(products, product("at the end")).WantProblem(500, "internal")
	if took := time.Since(began); took > bounded {
		t.Errorf("a commit was waited for %s", took)
	}
	s.proxy.OnRequest(nil)
	s.proxy.Silence(false)
	s.public.Post(products, product("at the end")).Want(409) // the server had heard it
}

// A reply that is lost on its way is an error, and never taken for a success: whether the transaction is committed or not.
func TestPostgresRepliesLost(t *testing.T) {
	t.Parallel()
	s := deploy(t)
	s.public.Post(products, product("before")).Want(201)
	for i, c := range []struct {
		statement string
		verdict   servertest.Verdict
		status    int
		saved     bool
	}{
		{"INSERT", servertest.LoseRequest, 201, true}, // before the transaction
		{"INSERT", servertest.LoseReply, 201, true},
		{"begin", servertest.LoseRequest, 201, true}, // with the INSERT behind it, of which nothing stays: another connection begins
		{"begin", servertest.LoseReply, 201, true},
		{"commit", servertest.LoseRequest, 500, false},
		{"commit", servertest.LoseReply, 500, true}, // nobody knows, which is no success
	} {
		name, sku := fmt.Sprint(c.statement, c.verdict), fmt.Sprint(i)
		s.proxy.Reset() // a new connection has prepared nothing: each statement is sent as its text
		lost := false
		s.proxy.OnRequest(func(request []byte) servertest.Verdict {
			if lost || !strings.Contains(string(request), c.statement) {
				return servertest.Forward
			}
			lost = true
			return c.verdict
		})
		if status := s.public.Post(products, product(sku)).Status; status != c.status {
			t.Errorf("%s: status %d, want %d", name, status, c.status)
		}
		s.proxy.OnRequest(nil)
		if !lost {
			t.Errorf("%s: nothing was lost", name)
		}
		again := 201
		if c.saved {
			again = 409
		}
		s.public.Post(products, product(sku)).Want(again)
	}
	made := s.public.Post(products, product("to change")).Want(201)
	for _, verdict := range []servertest.Verdict{servertest.LoseRequest, servertest.LoseReply} {
		s.proxy.Reset()
		s.proxy.OnRequest(func(request []byte) servertest.Verdict {
			if strings.Contains(string(request), `UPDATE "catalog_products"`) {
				return verdict
			}
			return servertest.Forward
		})
		s.public.Patch(products+"/"+made.Text("/id"), `{"name":"changed"}`).WantProblem(503, "database_busy") // in the middle of the transaction
		s.proxy.OnRequest(nil)
		s.public.Get(products+"/"+made.Text("/id")).Want(200).WantAt("/name", `"a product"`)
	}
	s.pictureStays(made.Text("/id"))
	if log := s.out.String(); strings.Count(log, "nobody knows whether it has committed") != 3 {
		t.Errorf("the log does not tell what is not known: %s", log)
	}
	for range 20 {
		s.public.Post(products, product(fmt.Sprint("long list ", time.Now().UnixNano()))).Want(201)
	}
	s.proxy.Cut(1000) // in the middle of the rows
	s.public.Get(products).WantProblem(503, "database_busy")
	s.proxy.Cut(-1)
	s.public.Get(products).Want(200)
	s.proxy.Reset()
	s.public.Get(products).Want(200)
	s.proxy.Reset()
	s.public.Post(products, product("after")).Want(201)
}

// pictureStays uploads a picture whose row is committed without anybody knowing. What the row refers to is there.
func (s *site) pictureStays(id string) {
	s.t.Helper()
	form := apptest.Picture().Arriving(func() {})
	body, err := io.ReadAll(form.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	s.proxy.Reset()
	s.proxy.OnRequest(func(request []byte) servertest.Verdict {
		if strings.Contains(string(request), "commit") {
			return servertest.LoseReply
		}
		return servertest.Forward
	})
	s.public.Post("/api/v1/storefront/products/"+id+"/picture", string(body), "Content-Type", form.ContentType).WantProblem(500, "internal")
	s.proxy.OnRequest(nil)
	shown := regexp.MustCompile(`/files/pub-[0-9a-f]+-[a-z0-9.]+`).FindString(string(s.public.Get("/catalog").Want(200).Body))
	if shown == "" {
		s.t.Fatal("the page shows no picture")
	}
	s.public.Get(shown).Want(200)
}

// Wherever in its conversation with the server a migration loses the connection, whether or not the server has heard the last word, it fails with
// an error, and the same command again ends what it has begun. With BANYAN_EACH=1 that is tried at each request, for minutes, and else at some.
func TestPostgresLostWhileMigrating(t *testing.T) {
	t.Parallel()
	stride := 7
	if os.Getenv("BANYAN_EACH") == "1" {
		stride = 1
	}
	server := servertest.StartPostgres(t)
	proxy := servertest.StartProxy(t, "unix", server.Socket())
	for _, verdict := range []servertest.Verdict{servertest.LoseRequest, servertest.LoseReply} {
		for last := 1; ; last += stride {
			name := fmt.Sprintf("lost_%d_%d", verdict, last)
			server.Exec(t, "create database "+name)
			m := newMachine(t, "APP_DB__DRIVER=postgres", "APP_DB__DSN="+through(proxy, name))
			var requests atomic.Int64
			proxy.OnRequest(func([]byte) servertest.Verdict {
				if requests.Add(1) == int64(last) {
					return verdict
				}
				return servertest.Forward
			})
			code, printed := m.run("migrate", "up")
			proxy.OnRequest(nil)
			if code != 0 && (!strings.Contains(printed, "error: ") || strings.Contains(printed, "goroutine")) {
				t.Errorf("%s: exit code %d: %s", name, code, printed)
			}
			if again, printed := m.run("migrate", "up"); again != 0 {
				t.Errorf("%s: after exit code %d the next one ends with %d: %s", name, code, again, printed)
			}
			if status, printed := m.run("migrate", "status"); status != 0 || !strings.Contains(printed, "applied") {
				t.Errorf("%s: exit code %d: %s", name, status, printed)
			}
			if requests.Load() < int64(last) { // it was over before
				if last < 15 {
					t.Errorf("a migration is %d requests: too few to be true", last-1)
				}
				break
			}
		}
	}
}
