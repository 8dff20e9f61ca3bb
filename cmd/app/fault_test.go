package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/servertest"
)

// site is the application in a process of its own, and its database server behind a proxy.
type site struct {
	*process
	machine *machine
	proxy   *servertest.Proxy
	server  *servertest.PostgresServer
}

// deploy starts a server that keeps what it says it has kept, and the application before it.
func deploy(t *testing.T, settings ...string) *site {
	t.Helper()
	server := servertest.StartPostgres(t, append([]string{"synchronous_commit=on"}, settings...)...)
	proxy := servertest.StartProxy(t, "unix", server.Socket())
	m := newMachine(t, "APP_DB__DRIVER=postgres", "APP_DB__DSN="+through(proxy, "postgres"), "APP_DB__POOL__MAX_OPEN=4")
	return &site{process: m.serve("--mode", "test"), machine: m, proxy: proxy, server: server}
}

// through returns the address of a database behind a proxy.
func through(p *servertest.Proxy, database string) string {
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", p.Addr(), database)
}

// ledger is a file in which a client writes down what it was told is saved, on the disk before it goes on.
type ledger struct {
	t  *testing.T
	mu sync.Mutex
	*os.File
}

func newLedger(t *testing.T) *ledger {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "ledger")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return &ledger{t: t, File: f}
}

func (l *ledger) add(location string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.WriteString(location + "\n"); err != nil {
		l.t.Error(err)
	}
	if err := l.Sync(); err != nil {
		l.t.Error(err)
	}
}

// locations returns what was written down.
func (l *ledger) locations() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text, err := os.ReadFile(l.Name())
	if err != nil {
		l.t.Fatal(err)
	}
	return strings.Fields(string(text))
}

// kept fails the test unless everything in the ledger is there, and nothing that nobody has tried to write.
func (l *ledger) kept(a *apptest.App, tried int) {
	l.t.Helper()
	acknowledged := l.locations()
	for _, at := range acknowledged {
		if status := a.Get(at).Status; status != http.StatusOK {
			l.t.Errorf("%s was acknowledged, and is answered with %d", at, status)
		}
	}
	var total int
	if _, err := fmt.Sscan(fmt.Sprint(a.Get(products+"?count=exact&limit=1").Want(200).At("/page/total")), &total); err != nil {
		l.t.Fatal(err)
	}
	if total < len(acknowledged) || total > tried {
		l.t.Errorf("%d products are there, %d were acknowledged, and %d tried", total, len(acknowledged), tried)
	}
	l.t.Logf("%d tried, %d acknowledged, %d there", tried, len(acknowledged), total)
}

// outcome is what became of a request.
type outcome struct {
	writer int
	status int // 0 without an answer
	code   string
	retry  string
	took   time.Duration
}

// writers create products until they are stopped, each on a connection of its own.
type writers struct {
	stop  chan struct{}
	done  sync.WaitGroup
	each  chan outcome
	tried int
	mu    sync.Mutex
}

// startWriters starts n of them; name makes what they write different from what others do. Each outcome is sent to each; who does not read it stops them.
func startWriters(t *testing.T, name string, p *process, l *ledger, n int) *writers {
	t.Helper()
	w := &writers{stop: make(chan struct{}), each: make(chan outcome)}
	for i := range n {
		w.done.Go(func() {
			client := http.Client{Timeout: patience}
			defer client.CloseIdleConnections()
			for k := 0; ; k++ {
				w.mu.Lock()
				w.tried++
				w.mu.Unlock()
				o := create(&client, p, fmt.Sprint(name, " ", i, " ", k), l)
				o.writer = i
				select {
				case w.each <- o:
				case <-w.stop:
					return
				}
			}
		})
	}
	t.Cleanup(w.end)
	return w
}

// end stops the writers.
func (w *writers) end() {
	select {
	case <-w.stop:
	default:
		close(w.stop)
	}
	w.done.Wait()
}

// until reads outcomes until one is as wanted, and returns all of them.
func (w *writers) until(t *testing.T, what string, ok func(outcome) bool) (all []outcome) {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		select {
		case o := <-w.each:
			all = append(all, o)
			if ok(o) {
				return all
			}
		case <-late.C:
			t.Fatalf("it never happened: %s; the last ones were %v", what, all[max(0, len(all)-5):])
		}
	}
}

// created and unavailable are outcomes.
func created(o outcome) bool     { return o.status == http.StatusCreated }
func unavailable(o outcome) bool { return o.status == http.StatusServiceUnavailable }

// create creates one product, and writes down where it is.
func create(client *http.Client, p *process, sku string, l *ledger) (o outcome) {
	began := time.Now()
	resp, err := p.post(client, products, product(sku))
	if err != nil {
		return outcome{took: time.Since(began)}
	}
	body, _ := io.ReadAll(resp.Body) // without it the code is missing
	_ = resp.Body.Close()
	o = outcome{status: resp.StatusCode, retry: resp.Header.Get("Retry-After"), took: time.Since(began)}
	if i := strings.Index(string(body), `"code":"`); i >= 0 {
		o.code, _, _ = strings.Cut(string(body[i+len(`"code":"`):]), `"`)
	}
	if o.status == http.StatusCreated {
		l.add(resp.Header.Get("Location"))
	}
	return o
}

// slowest returns the longest of these.
func slowest(all []outcome) time.Duration {
	return slices.MaxFunc(all, func(a, b outcome) int { return int(a.took - b.took) }).took
}
