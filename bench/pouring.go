package main

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// Of requests at fixed times: how many may be on their way, and how long one is waited for.
const (
	pouringOpen = 4096
	pouringWait = 10 * time.Second
)

// pourer is a client that asks for one path after the other.
type pourer struct {
	*fasthttp.HostClient

	path func(n int) string
}

func newPourer(addr string, path func(n int) string) *pourer {
	return &pourer{&fasthttp.HostClient{Addr: addr, MaxConns: pouringOpen, MaxIdleConnDuration: time.Minute}, path}
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

// join adds what another stretch has, both of which took d.
func (p *pourings) join(other *pourings, d time.Duration) {
	p.took = append(p.took, other.took...)
	p.refused, p.lost, p.rude = p.refused+other.refused, p.lost+other.lost, p.rude+other.rude
	p.close(d)
}

// closedLoop asks from 64 clients, one request after the other.
func closedLoop(ctx context.Context, client *pourer, p *pourings, d time.Duration) {
	began := time.Now()
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for time.Since(began) < d && ctx.Err() == nil {
				client.drop(p, 0, time.Now())
			}
		})
	}
	all.Wait()
	p.close(d)
}

// openLoop asks so often in a second, at fixed times.
func openLoop(ctx context.Context, client *pourer, p *pourings, rate float64, d time.Duration) {
	began := time.Now()
	places := make(chan struct{}, pouringOpen)
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
		n := i
		i++
		select {
		case places <- struct{}{}:
			all.Go(func() {
				client.drop(p, n, due)
				<-places
			})
		default:
			p.note(0, false, 0)
		}
	}
	all.Wait()
	p.close(d)
}

// drop is the n-th request, which was due at a time.
func (c *pourer) drop(p *pourings, n int, due time.Time) {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	req.SetRequestURI("http://" + c.Addr + c.path(n))
	if err := c.DoTimeout(req, resp, pouringWait); err != nil {
		p.note(0, false, 0)
		return
	}
	p.note(resp.StatusCode(), len(resp.Header.Peek(fasthttp.HeaderRetryAfter)) > 0, time.Since(due))
}
