package main

import (
	"context"
	"os"
	"time"
)

// maxLog is where the access log of a run is cut: at a hundred thousand lines a second it would fill a small disk.
const maxLog = 256 << 20

// stack measures what the platform puts around a request, with the log on, against the same answer from bare fiber.
func (b *bench) stack(ctx context.Context) ([]figure, error) {
	key, err := b.keys(ctx, "stack")
	if err != nil {
		return nil, err
	}
	addr, err := freeAddrs(5)
	if err != nil {
		return nil, err
	}
	stack := "stack serve --addr " + addr[0] + " --ops-addr " + addr[1] + ` >>"$B"/stack.log`
	headers := []string{"Accept-Encoding: gzip"}
	variants := []variant{
		{"bare fiber", "http://" + addr[2] + "/api/items/42", headers, "httpd -addr " + addr[2]},
		{"Banyan, raw route", "http://" + addr[0] + "/api/v1/bench/raw/42", headers, stack},
		{"Banyan, typed operation", "http://" + addr[0] + "/api/v1/bench/items/42", headers, stack},
		{"fiber's own middleware", "http://" + addr[3] + "/api/items/42", headers, "httpd -addr " + addr[3] + " -mw rec,rid,log,prom,comp"},
		{"written by hand for this", "http://" + addr[4] + "/api/items/42", headers, "httpd -addr " + addr[4] + " -mw fused"},
	}
	cutting, done := context.WithCancel(ctx)
	defer done()
	go cutLog(cutting, b.path("stack.log"))
	l, err := b.drive(ctx, settings(key, "APP_DB__DSN=file:"+b.path("stack.db")), variants)
	if err != nil {
		return nil, err
	}
	raw, typed := l.results[1], l.results[2]
	return []figure{{
		Name:  "stack",
		Title: "The whole stack, log on, 96 bytes of JSON, against bare fiber with the same request headers",
		Rows:  l.rows(b.opts.rounds),
		Verdicts: []verdict{
			atLeast("raw route, requests/s of bare fiber's", raw.ratio, 0.85),
			atMost("raw route, CPU of bare fiber's", raw.cpuRatio, "", 1.20),
			atLeast("typed operation, requests/s of bare fiber's", typed.ratio, 0.83),
			atMost("typed operation, CPU of bare fiber's", typed.cpuRatio, "", 1.25),
		},
		Notes: l.notes(b.opts.repeats),
	}}, nil
}

// cutLog empties a log that is opened for appending whenever it has grown large.
func cutLog(ctx context.Context, name string) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if info, err := os.Stat(name); err == nil && info.Size() > maxLog {
				_ = os.Truncate(name, 0) // the disk will say so if it is full
			}
		}
	}
}
