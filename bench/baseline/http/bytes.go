package main

import (
	"os"
	"sync"

	"github.com/gofiber/fiber/v2"
)

// sameBytes gives an answer the headers that Banyan's has behind a session and a limit, and a log the fields that its line has, all of them constants. With
// fused it shows what is left when nothing of it has to be found out.
func sameBytes() fiber.Handler {
	headers := [][2]string{
		{"X-Content-Type-Options", "nosniff"},
		{"Referrer-Policy", "strict-origin-when-cross-origin"},
		{"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
		{"Cache-Control", "private, no-store"},
		{"Traceparent", "00-e2935abc478c01bba7fab5c8ac1014ea-35bfad0687b96a7b-01"},
		{"Ratelimit-Policy", `"default";q=1000000000;w=3600`},
		{"Ratelimit", `"default";r=999999999;t=3600`},
	}
	const fields = `,"level":"INFO","msg":"request","bytes_in":0,"bytes_out":96,"remote_addr":"127.0.0.1","user_agent":"",` +
		`"trace_id":"e2935abc478c01bba7fab5c8ac1014ea","span_id":"35bfad0687b96a7b","route":"/api/v1/bench/mine/{id}"`
	f, err := os.CreateTemp("", "fields")
	if err != nil {
		panic(err)
	}
	if err := os.Remove(f.Name()); err != nil {
		panic(err)
	}
	var mu sync.Mutex
	line := make([]byte, 0, 96<<10)
	return func(c *fiber.Ctx) error {
		h := &c.Response().Header
		for _, kv := range headers {
			h.SetCanonical([]byte(kv[0]), []byte(kv[1]))
		}
		mu.Lock()
		if line = append(line, fields...); len(line) > 64<<10 {
			_, _ = f.Write(line)
			line = line[:0]
		}
		mu.Unlock()
		return c.Next()
	}
}
