package main

import (
	"context"
	"fmt"
	"time"
)

// The overload: how many times what the server can do is asked of it, how long the peak is measured and the calm afterwards watched.
const (
	overloadTimes = 5
	peakTime      = 20 * time.Second // half before the overload, half after it
	calmAfter     = 10 * time.Second
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
		"The peak is that of 64 clients of which each asks when it has its answer, half of it before the overload and half after it. The overload comes at fixed times, whether or not there are answers, and a time counts from when a request was due.",
		fmt.Sprintf("At most %d requests are on their way; those that are due while there are as many count as lost. An answer is in time within %s.", pouringOpen, pouringWait),
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
	client := newPourer(addr[0], func(int) string { return overloadPath })
	defer client.CloseIdleConnections()
	f := &flood{name: name}
	closedLoop(ctx, client, &pourings{}, time.Second) // warm
	closedLoop(ctx, client, &f.peak, peakTime/2)
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
	client.CloseIdleConnections() // thousands of them make the collector of garbage slower
	closedLoop(ctx, client, &pourings{}, time.Second)
	after := &pourings{}
	closedLoop(ctx, client, after, peakTime/2)
	f.peak.join(after, peakTime)
	return f, ctx.Err()
}
