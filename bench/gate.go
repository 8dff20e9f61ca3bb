package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/banyan-go/banyan/platform/servertest"
)

// loginScript makes wrk begin a session with the server that it measures, and send its cookie. It has places for flags of curl and for the path.
const loginScript = `function init(args)
  local p = io.popen("curl -s -D - -o /dev/null %s http://" .. wrk.host .. ":" .. wrk.port .. "%s")
  local h = p:read("*a"); p:close()
  wrk.headers["Cookie"] = h:match("[Ss]et%%-[Cc]ookie: ([^;\r\n]+)")
end
`

// never is a limit that no run reaches: what it costs is the counting.
const never = `--set limits.default="1000000000 per 1h by ip"`

// gate measures what sessions and limits cost: against the same program without them, against one raw command of Redis in the same program, and all
// together against bare fiber.
func (b *bench) gate(ctx context.Context) ([]figure, error) {
	for name, text := range map[string]string{
		"login.lua":      fmt.Sprintf(loginScript, "-X POST", "/api/v1/bench/login"),
		"login-hand.lua": fmt.Sprintf(loginScript, "", "/login"),
	} {
		if err := os.WriteFile(b.path(name), []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("write a script for wrk: %w", err)
		}
	}
	key, err := b.keys(ctx, "stack")
	if err != nil {
		return nil, err
	}
	cutting, done := context.WithCancel(ctx)
	defer done()
	go cutLog(cutting, b.path("stack.log"))
	inProcess, err := b.gateInProcess(ctx, key)
	if err != nil {
		return nil, err
	}
	shared, err := b.gateInRedis(ctx, key)
	return append([]figure{inProcess}, shared...), err
}

// behind returns a variant of the program stack. It begins a session where it asks for what is behind one; the others carry a cookie as long.
func (b *bench) behind(name, addr, opsAddr, path, flags string) variant {
	headers := []string{"Accept-Encoding: gzip", "-s $B/login.lua"}
	return variant{name, "http://" + addr + "/api/v1/bench" + path, headers, "stack serve --addr " + addr + " --ops-addr " + opsAddr + " " + flags + ` >>"$B"/stack.log`}
}

func (b *bench) gateInProcess(ctx context.Context, key string) (figure, error) {
	addr, err := freeAddrs(7)
	if err != nil {
		return figure{}, err
	}
	hand := func(name, addr, parts string) variant {
		return variant{name, "http://" + addr + "/api/items/42", []string{"Accept-Encoding: gzip", "-s $B/login-hand.lua"}, "httpd -addr " + addr + " -mw " + parts}
	}
	const memory = "--set session.store=memory "
	cookie := []string{"Accept-Encoding: gzip", "Cookie: __Host-session=0123456789012345678901234567890123456789012"}
	l, err := b.drive(ctx, settings(key, "APP_DB__DSN=file:"+b.path("stack.db")), []variant{
		{"bare fiber", "http://" + addr[4] + "/api/items/42", cookie, "httpd -addr " + addr[4]},
		b.behind("no session, no limit", addr[0], addr[1], "/raw/42", memory),
		b.behind("session in memory", addr[0], addr[1], "/mine/42", memory),
		b.behind("limit in memory", addr[2], addr[3], "/raw/42", memory+never),
		b.behind("session and limit in memory", addr[2], addr[3], "/mine/42", memory+never),
		hand("both, written by hand", addr[5], "fused"),
		hand("the same with these bytes", addr[6], "fused,bytes"),
	})
	if err != nil {
		return figure{}, err
	}
	neither, sess, limit, both := l.results[1], l.results[2], l.results[3], l.results[4]
	return figure{
		Name:  "gate",
		Title: "Sessions and limits in memory, raw route, log on, 96 bytes of JSON, against bare fiber with the same request headers",
		Rows:  l.rows(b.opts.rounds),
		Verdicts: []verdict{
			atLeast("session in memory, requests/s of the same without one", sess.rps/neither.rps, 0.90),
			atLeast("limit in memory, requests/s of the same without one", limit.rps/neither.rps, 0.95),
			atLeast("session and limit in memory, requests/s of bare fiber's", both.ratio, 0.78),
		},
		Notes: append(l.notes(b.opts.repeats), "What is written by hand recovers, logs, counts in a histogram, and finds a session and a limit in maps; with these bytes it sends the headers and logs the fields of Banyan as constants."),
	}, nil
}

func (b *bench) gateInRedis(ctx context.Context, key string) (_ []figure, err error) {
	const name, title = "gate-redis", "Sessions and limits in Redis against one raw command of the client library in the same program"
	file := servertest.Redis().Find()
	if file == "" {
		return []figure{{Name: name, Title: title, Skipped: "Redis is not installed: " + servertest.Redis().Install()}}, nil
	}
	server, err := servertest.RunRedis(ctx, file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	addr, err := freeAddrs(4)
	if err != nil {
		return nil, err
	}
	const stores = "--set session.store=redis --set limits.store=redis "
	l, err := b.drive(ctx, settings(key, "APP_DB__DSN=file:"+b.path("stack.db"), "APP_REDIS__STATE="+server.URL()), []variant{
		b.behind("one GET", addr[0], addr[1], "/redis/get/42", stores),
		b.behind("session in Redis", addr[0], addr[1], "/mine/42", stores),
		b.behind("one INCR", addr[0], addr[1], "/redis/incr/42", stores),
		b.behind("limit in Redis", addr[2], addr[3], "/raw/42", stores+never),
	})
	if err != nil {
		return nil, err
	}
	get, sess, incr, limit := l.results[0], l.results[1], l.results[2], l.results[3]
	return []figure{{
		Name:  name,
		Title: title,
		Rows:  l.rows(b.opts.rounds),
		Verdicts: []verdict{
			atLeast("session in Redis, requests/s of one GET", sess.rps/get.rps, 0.95),
			atLeast("limit in Redis, requests/s of one INCR", limit.rps/incr.rps, 0.95),
		},
		Notes: l.notes(b.opts.repeats),
	}}, nil
}
