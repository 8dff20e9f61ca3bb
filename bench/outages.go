package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/banyan-go/banyan/bench/internal/rig"
	"github.com/banyan-go/banyan/platform/servertest"
)

// The outages of Redis: how often values are asked for, how many there are, and how long the calm before and the outage last.
const (
	outageRate = 1000 // requests a second
	outageKeys = 1000
	outageCalm = 5 * time.Second
	outageTime = 10 * time.Second
)

// outage is one way in which Redis goes away.
type outage struct {
	name  string
	begin func(t servertest.Test, r *servertest.RedisServer, p *servertest.Proxy)
}

func outages() []outage {
	return []outage{
		{"killed", func(t servertest.Test, r *servertest.RedisServer, _ *servertest.Proxy) { r.Kill(t) }},
		{"frozen", func(t servertest.Test, r *servertest.RedisServer, _ *servertest.Proxy) { r.Freeze(t) }},
		{"unreachable", func(_ servertest.Test, _ *servertest.RedisServer, p *servertest.Proxy) { p.Silence(true) }},
	}
}

// outages measures what readers of cached values notice when Redis goes away.
func (b *bench) outages(ctx context.Context) ([]figure, error) {
	f := figure{Name: "outages", Title: fmt.Sprintf("Redis goes away for %s: %d requests a second for %d cached values", outageTime, outageRate, outageKeys)}
	file := servertest.Redis().Find()
	if file == "" {
		f.Skipped = "Redis is not installed: " + servertest.Redis().Install()
		return []figure{f}, nil
	}
	key, err := b.keys(ctx, "stack")
	if err != nil {
		return nil, err
	}
	for _, o := range outages() {
		var calm, away pourings
		b.say("measuring Redis %s", o.name)
		if err := rig.Run(ctx, o.name, func(t servertest.Test) error { return b.away(t, file, key, o, &calm, &away) }); err != nil {
			return nil, fmt.Errorf("%s: %w", o.name, err)
		}
		f.Rows = append(f.Rows, calm.row(o.name+", calm before it"), away.row(o.name))
		f.Verdicts = append(f.Verdicts,
			atMost(o.name+": requests that failed", float64(away.refused+away.lost), "", 0),
			atMost(o.name+": p99", away.p99, "ms", 2*calm.p99+50),
		)
	}
	f.Notes = []string{"Requests come at fixed times, whether or not there are answers, and a time counts from when a request was due. Values are in memory for 100 ms, so that most requests ask Redis; where they come from takes a millisecond."}
	return []figure{f}, nil
}

// away asks the program stack for values before and while Redis is away.
func (b *bench) away(t servertest.Test, file, key string, o outage, calm, away *pourings) error {
	ctx := t.Context()
	redis, err := servertest.RunRedis(ctx, file)
	if err != nil {
		return err
	}
	t.Cleanup(func() { err = errors.Join(err, redis.Stop()) })
	proxy := servertest.StartProxy(t, "unix", redis.Socket())
	addr, err := freeAddrs(2)
	if err != nil {
		return err
	}
	env := settings(key, "APP_DB__DSN=file:"+b.path("outages.db"), "APP_REDIS__CACHE=redis://"+proxy.Addr(), "APP_CACHE__L2__DRIVER=redis")
	if _, err := b.output(ctx, b.dir, env, b.path("stack"), "migrate", "up"); err != nil {
		return err
	}
	s, err := b.serve(ctx, env, "stack", "serve", "--addr", addr[0], "--ops-addr", addr[1])
	if err != nil {
		return err
	}
	t.Cleanup(s.stop)
	if _, err := s.ready(ctx, "http://"+addr[0]+"/readyz", time.Millisecond); err != nil {
		return err
	}
	client := newPourer(addr[0], func(n int) string { return "/api/v1/bench/shared/" + strconv.Itoa(n%outageKeys) })
	defer client.CloseIdleConnections()
	openLoop(ctx, client, &pourings{}, outageRate, outageCalm/5) // warm
	openLoop(ctx, client, calm, outageRate, outageCalm)
	o.begin(t, redis, proxy)
	openLoop(ctx, client, away, outageRate, outageTime)
	return ctx.Err()
}
