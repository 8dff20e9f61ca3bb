package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The storm: how long, from how many clients, and how often the other routes are asked meanwhile.
const (
	stormTime  = 60 * time.Second
	calmTime   = stormTime / 2 // before it, and again after it
	shortTime  = 20 * time.Second
	stormers   = 64
	probePause = 20 * time.Millisecond
	stormRows  = "50000"
)

// storm measures what becomes of other routes while clients storm one, on PostgreSQL: with the share of connections that a route may have, and
// without one.
func (b *bench) storm(ctx context.Context) ([]figure, error) {
	f := figure{Name: "storm", Title: fmt.Sprintf("A storm of %d clients on one route for %s, PostgreSQL, 50,000 rows: p99 of the others", stormers, stormTime)}
	// On one core with those who ask, each of them waits for the sessions that the storm keeps at work, however few: a machine with one core for a
	// database is not what is measured.
	return b.besidePostgres(ctx, f.Name, f.Title, b.opts.serverCore+","+b.opts.clientCore, func(dsn string) ([]figure, error) { return b.stormOn(ctx, f, dsn) })
}

// stormOn fills in f.
func (b *bench) stormOn(ctx context.Context, f figure, dsn string) ([]figure, error) {
	key, err := b.keys(ctx, openApp)
	if err != nil {
		return nil, err
	}
	env := settings(key, "APP_DB__DRIVER=postgres", "APP_DB__DSN="+dsn)
	b.say("seeding %s rows", stormRows)
	for _, args := range [][]string{{"migrate", "up"}, {"db", "seed", "--rows", stormRows, "--module", "catalog", "--yes"}} {
		if _, err := b.output(ctx, b.dir, env, b.path(openApp), args...); err != nil {
			return nil, err
		}
	}
	for _, s := range []*storm{
		{name: "search that reads every row", method: http.MethodGet, path: productsPath + "?q=nothing+is+called+that", longest: 1.5},
		{name: "change of one row", method: http.MethodPatch, body: `{"name":"stormy"}`, longest: 2.5}, // the wait for the row comes on top
	} {
		calm, err := b.weather(ctx, env, "calm before and after it", nil, calmTime)
		if err != nil {
			return nil, err
		}
		with, err := b.weather(ctx, env, s.name, s, stormTime)
		if err != nil {
			return nil, err
		}
		after, err := b.weather(ctx, env, "calm after it", nil, calmTime)
		if err != nil {
			return nil, err
		}
		calm.add(after)
		without, err := b.weather(ctx, append(env, "APP_DB__POOL__SHARE=4", "APP_DB__POOL__MAX_OPEN=4"), s.name+", no share", s, shortTime)
		if err != nil {
			return nil, err
		}
		f.Rows = append(f.Rows, calm.row(), with.row(), without.row())
		f.Verdicts = append(f.Verdicts,
			atMost(s.name+": p99 of GET by id of its baseline", with.of("GET by id").p99/calm.of("GET by id").p99, "", 2),
			atMost(s.name+": p99 of POST of its baseline", with.of("POST").p99/calm.of("POST").p99, "", 2),
			atMost(s.name+": p99 of a page without a database of its baseline", with.of("page").p99/calm.of("page").p99, "", 2),
			atMost(s.name+": requests to others that failed", float64(with.failed()), "", 0),
			atMost(s.name+": slowest 503 of the storm", with.storm.Slowest, "s", s.longest),
		)
	}
	f.Notes = []string{
		fmt.Sprintf("Every other route is asked %d times a second, whether or not the last answer is there; the time counts from when it should have been asked. The application has one core, where the server may work, too; the storm and the others who ask have the other one.", time.Second/probePause),
		"Four connections, two of them for one route (auto, on one core), one when it holds them long. The calm is as long as the storm, half of it before and half after it. A p99 tells nothing on a machine that others use: look at the load average.",
	}
	return []figure{f}, nil
}

// storm is the route that clients storm.
type storm struct {
	name, method, path, body string
	longest                  float64 // seconds until a 503
}

// probe is another route, and how it was answered.
type probe struct {
	name, method, path string
	body               func(i int) string

	mu     sync.Mutex
	took   []float64 // ms
	failed int
	p99    float64
}

// weather is one run.
type weather struct {
	name   string
	probes []*probe
	storm  stormed
}

// stormed is what the program storm says: requests that were answered with 2xx, with 503, and otherwise or not at all; and seconds.
type stormed struct {
	Served, Stood, Other int
	Slowest              float64 // 503
}

// weather starts the application, lets clients storm it, and asks the other routes.
func (b *bench) weather(ctx context.Context, env []string, name string, s *storm, d time.Duration) (*weather, error) {
	addr, err := freeAddrs(2)
	if err != nil {
		return nil, err
	}
	app, err := b.serve(ctx, env, openApp, "serve", "--addr", addr[0], "--ops-addr", addr[1])
	if err != nil {
		return nil, err
	}
	defer app.stop()
	if _, err := app.ready(ctx, "http://"+addr[0]+"/readyz", time.Millisecond); err != nil {
		return nil, err
	}
	id, err := middleID(ctx, "http://"+addr[0]+productsPath)
	if err != nil {
		return nil, err
	}
	run := time.Now().UnixNano()
	w := &weather{name: name, probes: []*probe{
		{name: "GET by id", method: http.MethodGet, path: addr[0] + productsPath + "/" + id},
		{name: "POST", method: http.MethodPost, path: addr[0] + productsPath, body: func(i int) string {
			return fmt.Sprintf(`{"sku":"%d-%d","name":"probe","price":{"amount":1,"currency":"EUR"}}`, run, i)
		}},
		{name: "page", method: http.MethodGet, path: addr[0] + "/problems/not-found"},
		{name: "readyz", method: http.MethodGet, path: addr[1] + "/readyz"},
	}}
	b.say("measuring %s for %s", name, d)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}, Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	limited, done := context.WithTimeout(ctx, d)
	defer done()
	var all sync.WaitGroup
	var failed error
	if s != nil {
		all.Go(func() { w.storm, failed = b.blow(ctx, addr[0], cmp.Or(s.path, productsPath+"/"+id), s, d) })
	}
	for _, p := range w.probes {
		all.Go(func() { p.ask(limited, client) })
	}
	all.Wait()
	if failed != nil {
		return nil, failed
	}
	for _, p := range w.probes {
		if len(p.took) == 0 {
			return nil, fmt.Errorf("%s was never answered in %s", p.name, name)
		}
		p.sum()
	}
	return w, ctx.Err()
}

// sum sorts what was measured and finds its p99.
func (p *probe) sum() {
	slices.Sort(p.took)
	p.p99 = p.took[len(p.took)*99/100]
}

// add makes one of two runs with the same probes.
func (w *weather) add(other *weather) {
	for i, p := range w.probes {
		p.took = append(p.took, other.probes[i].took...)
		p.failed += other.probes[i].failed
		p.sum()
	}
}

// blow lets the clients storm a path, on their core, and returns what became of their requests.
func (b *bench) blow(ctx context.Context, addr, path string, s *storm, d time.Duration) (o stormed, err error) {
	out, err := b.output(ctx, b.dir, settings(), "taskset", "-c", b.opts.clientCore, b.path("storm"),
		"-addr", addr, "-method", s.method, "-path", path, "-body", s.body, "-clients", strconv.Itoa(stormers), "-for", d.String())
	if err != nil {
		return o, err
	}
	if err := json.Unmarshal(out, &o); err != nil {
		return o, fmt.Errorf("read what the program storm says: %w", err)
	}
	return o, nil
}

// ask sends a request at each tick, also while earlier ones wait.
func (p *probe) ask(ctx context.Context, client *http.Client) {
	var all sync.WaitGroup
	defer all.Wait()
	next := time.Now()
	for i := 0; ; i++ {
		next = next.Add(probePause)
		timer := time.NewTimer(time.Until(next))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		due, body := next, ""
		if p.body != nil {
			body = p.body(i)
		}
		all.Go(func() {
			status := send(context.WithoutCancel(ctx), client, p.method, "http://"+p.path, body)
			took := float64(time.Since(due).Microseconds()) / 1000
			p.mu.Lock()
			defer p.mu.Unlock()
			p.took = append(p.took, took)
			if status/100 != 2 {
				p.failed++
			}
		})
	}
}

// send returns the status of the answer, 0 without one.
func send(ctx context.Context, client *http.Client, method, url, body string) int {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close() // it is read to its end, or not at all
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0
	}
	return resp.StatusCode
}

func (w *weather) of(name string) *probe {
	return w.probes[slices.IndexFunc(w.probes, func(p *probe) bool { return p.name == name })]
}

// failed is how many requests to other routes were not answered well.
func (w *weather) failed() (n int) {
	for _, p := range w.probes {
		n += p.failed
	}
	return n
}

func (w *weather) row() row {
	r := row{Name: w.name}
	for _, p := range w.probes {
		r.Values = append(r.Values, single(p.name+" p50", "ms", p.took[len(p.took)/2]), single(p.name+" p99", "ms", p.p99))
	}
	r.Values = append(r.Values, single("others failed", "", float64(w.failed())), single("storm served", "", float64(w.storm.Served)), single("storm 503", "", float64(w.storm.Stood)), single("storm failed", "", float64(w.storm.Other)))
	return r
}
