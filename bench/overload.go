package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// The overload: how many times what the server can do is asked of it, how long the peak is measured and the calm afterwards watched, how many
// requests may be on their way, and how long one is waited for.
const (
	overloadTimes = 5
	peakTime      = 5 * time.Second
	calmAfter     = 10 * time.Second
	overloadOpen  = 4096
	overloadWait  = 10 * time.Second
	overloadPath  = productsPath + "?limit=50"
	overloadSlice = 500 * time.Millisecond
)

// overload measures what becomes of an application that is asked for five times what it can do: with load shedding, and without.
func (b *bench) overload(ctx context.Context) ([]figure, error) {
	f := figure{Name: "overload", Title: fmt.Sprintf("%d times what the server can do, for %s: lists of 50, 10,000 rows", overloadTimes, b.opts.overload)}
	env, err := b.database(ctx, openApp)
	if err != nil {
		return nil, err
	}
	env = append(env, "APP_LIMITS__ENABLED=false") // the limits of a client are not what is measured
	with, err := b.pour(ctx, env, "load shedding")
	if err != nil {
		return nil, err
	}
	without, err := b.pour(ctx, append(env, "APP_HTTP__SHED__ENABLED=false"), "without it")
	if err != nil {
		return nil, err
	}
	f.Rows = append(with.rows(), without.rows()...)
	f.Verdicts = []verdict{
		atLeast("answers in time of the peak", with.during.rate/with.peak.rate, 0.8),
		atMost("p99 of these, of the peak's", with.during.p99/with.peak.p99, "", 3),
		atMost("until it is as quick as before", with.recovered.Seconds(), "s", 5),
		atMost("refused requests without Retry-After", float64(with.during.rude), "", 0),
	}
	f.Notes = []string{
		"The peak is that of 64 clients of which each asks when it has its answer. The overload comes at fixed times, whether or not there are answers, and a time counts from when a request was due.",
		fmt.Sprintf("At most %d requests are on their way; those that are due while there are as many count as lost. An answer is in time within %s.", overloadOpen, overloadWait),
		"The clients have the other core: their share of an overload is not the server's.",
	}
	return []figure{f}, nil
}

// flood is one application under overload.
type flood struct {
	name         string
	peak, during pourings
	recovered    time.Duration
}

func (f *flood) rows() []row {
	return []row{f.peak.row(f.name + ", peak"), f.during.row(f.name + ", overload")}
}

// pourings are the answers of one stretch.
type pourings struct {
	mu      sync.Mutex
	took    []float64 // ms, of those that were served
	refused int
	lost    int // neither served nor refused
	rude    int // refused without a time to come again

	rate, p99 float64
}

func (p *pourings) row(name string) row {
	return row{Name: name, Values: []value{
		single("served/s", "", p.rate), single("p99 of these", "ms", p.p99), single("refused", "", float64(p.refused)), single("lost", "", float64(p.lost)),
	}}
}

// note counts an answer.
func (p *pourings) note(status int, polite bool, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch status {
	case http.StatusOK:
		p.took = append(p.took, float64(took.Microseconds())/1000)
	case http.StatusServiceUnavailable:
		p.refused++
		if !polite {
			p.rude++
		}
	default:
		p.lost++
	}
}

func (p *pourings) close(d time.Duration) {
	slices.Sort(p.took)
	p.rate = float64(len(p.took)) / d.Seconds()
	if n := len(p.took); n > 0 {
		p.p99 = p.took[n*99/100]
	}
}

// pour starts the application and asks it: for what it can do, for far more, and for half again.
func (b *bench) pour(ctx context.Context, env []string, name string) (*flood, error) {
	addr, err := freeAddrs(2)
	if err != nil {
		return nil, err
	}
	s, err := b.serve(ctx, env, openApp, "serve", "--addr", addr[0], "--ops-addr", addr[1])
	if err != nil {
		return nil, err
	}
	defer s.stop()
	if _, err := s.ready(ctx, "http://"+addr[0]+"/readyz", time.Millisecond); err != nil {
		return nil, err
	}
	client := &fasthttp.HostClient{Addr: addr[0], MaxConns: overloadOpen, MaxIdleConnDuration: time.Minute}
	defer client.CloseIdleConnections()
	f := &flood{name: name}
	closedLoop(ctx, client, &pourings{}, peakTime/5) // warm
	closedLoop(ctx, client, &f.peak, peakTime)
	b.say("measuring %d times %.0f requests/s for %s, %s", overloadTimes, f.peak.rate, b.opts.overload, name)
	openLoop(ctx, client, &f.during, f.peak.rate*overloadTimes, b.opts.overload)
	f.recovered = calmAfter
	for began := time.Now(); time.Since(began) < calmAfter && ctx.Err() == nil; {
		calm := &pourings{}
		at := time.Since(began)
		openLoop(ctx, client, calm, f.peak.rate/2, overloadSlice)
		if calm.refused == 0 && calm.lost == 0 && calm.p99 <= f.peak.p99 {
			f.recovered = at
			break
		}
	}
	return f, ctx.Err()
}

// closedLoop asks from 64 clients, one request after the other.
func closedLoop(ctx context.Context, client *fasthttp.HostClient, p *pourings, d time.Duration) {
	began := time.Now()
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for time.Since(began) < d && ctx.Err() == nil {
				drop(client, p, time.Now())
			}
		})
	}
	all.Wait()
	p.close(d)
}

// openLoop asks so often in a second, at fixed times.
func openLoop(ctx context.Context, client *fasthttp.HostClient, p *pourings, rate float64, d time.Duration) {
	began := time.Now()
	places := make(chan struct{}, overloadOpen)
	var all sync.WaitGroup
	for i := 0; ctx.Err() == nil; {
		due := began.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		if due.Sub(began) >= d {
			break
		}
		if wait := time.Until(due); wait > 0 {
			time.Sleep(max(wait, time.Millisecond))
			continue
		}
		i++
		select {
		case places <- struct{}{}:
			all.Go(func() {
				drop(client, p, due)
				<-places
			})
		default:
			p.note(0, false, 0)
		}
	}
	all.Wait()
	p.close(d)
}

// drop is one request, which was due at a time.
func drop(client *fasthttp.HostClient, p *pourings, due time.Time) {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	req.SetRequestURI("http://" + client.Addr + overloadPath)
	if err := client.DoTimeout(req, resp, overloadWait); err != nil {
		p.note(0, false, 0)
		return
	}
	p.note(resp.StatusCode(), len(resp.Header.Peek(fasthttp.HeaderRetryAfter)) > 0, time.Since(due))
}
