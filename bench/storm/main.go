// Command storm sends requests from many clients at once, each the next one when the last is answered, and prints what became of them. It is a
// program of its own, so that those who ask meanwhile do not wait for their turn behind its answers.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// outcome is how many requests were answered with 2xx, with 503 and in other ways or not at all, and how long the slowest 503 took in seconds.
type outcome struct {
	Served  int     `json:"served"`
	Stood   int     `json:"stood"`
	Other   int     `json:"other"`
	Slowest float64 `json:"slowest"`
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address of the server")
	method := flag.String("method", http.MethodGet, "method")
	path := flag.String("path", "/", "path, with its query")
	body := flag.String("body", "", "JSON to send")
	clients := flag.Int("clients", 64, "clients")
	lasts := flag.Duration("for", time.Minute, "how long")
	flag.Parse()
	req := fasthttp.AcquireRequest()
	req.SetRequestURI("http://" + *addr + *path)
	req.Header.SetMethod(*method)
	if *body != "" {
		req.Header.SetContentType("application/json")
		req.SetBodyString(*body)
	}
	if err := json.NewEncoder(os.Stdout).Encode(blow(req, *addr, *clients, *lasts)); err != nil {
		log.Fatal(err)
	}
}

// blow sends a request from each client until the time is over.
func blow(req *fasthttp.Request, addr string, clients int, lasts time.Duration) (all outcome) {
	const patience = 10 * time.Second
	client := &fasthttp.HostClient{Addr: addr, MaxConns: clients, ReadTimeout: patience, WriteTimeout: patience}
	end := time.Now().Add(lasts)
	var running sync.WaitGroup
	var mu sync.Mutex
	for range clients {
		own := &fasthttp.Request{}
		req.CopyTo(own)
		running.Go(func() {
			var o outcome
			for resp := (&fasthttp.Response{}); ; {
				began := time.Now()
				err := client.Do(own, resp)
				took := time.Since(began)
				if time.Now().After(end) {
					break
				}
				switch status := resp.StatusCode(); {
				case err == nil && status/100 == 2:
					o.Served++
				case err == nil && status == http.StatusServiceUnavailable:
					o.Stood++
					o.Slowest = max(o.Slowest, took.Seconds())
				default:
					o.Other++
				}
			}
			mu.Lock()
			defer mu.Unlock()
			all.Served, all.Stood, all.Other, all.Slowest = all.Served+o.Served, all.Stood+o.Stood, all.Other+o.Other, max(all.Slowest, o.Slowest)
		})
	}
	running.Wait()
	return all
}
