package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// client sends requests on one connection after another, as from behind a load balancer that repeats nothing: it keeps each connection until
// the server wants to close it, and opens a new one while the server is said to be ready.
type client struct {
	addr    string
	headers string // of its requests
	ready   *atomic.Bool
	created *atomic.Int64 // counts the products that the server has said to have
	served  *atomic.Int64
}

// run works until the server is not ready any more. The error is that of the request that failed.
func (c client) run() error {
	for c.ready.Load() {
		if err := c.connection(); err != nil {
			return err
		}
	}
	return nil
}

func (c client) connection() error {
	conn, err := net.Dial("tcp", c.addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	r := bufio.NewReader(conn)
	for range 50 {
		closing, err := c.exchange(conn, r, "GET "+products+"?limit=5 HTTP/1.1\r\nHost: localhost\r\n"+c.headers+"\r\n", http.StatusOK)
		if err != nil || closing {
			return err
		}
		body := product(fmt.Sprint("sku ", c.served.Load(), " ", conn.LocalAddr()))
		closing, err = c.exchange(conn, r, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", products, c.headers, len(body), body), http.StatusCreated)
		if err == nil {
			c.created.Add(1)
		}
		if err != nil || closing {
			return err
		}
	}
	return nil
}

// exchange sends one request and reads its answer. It reports whether the server closes the connection.
func (c client) exchange(conn net.Conn, r *bufio.Reader, request string, want int) (closing bool, err error) {
	if _, err := conn.Write([]byte(request)); err != nil {
		return false, err
	}
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return false, err
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return false, err
	}
	if resp.StatusCode != want {
		return false, fmt.Errorf("%s: %s", resp.Status, body)
	}
	c.served.Add(1)
	return resp.Close, nil
}

// SIGTERM under load fails no request, and nothing that was answered is lost.
func TestNoRequestFailsWhenStopping(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "APP_HTTP__DRAIN=2s")
	p := m.serve("--mode", "test")
	c := client{addr: strings.TrimPrefix(p.public.URL, "http://"), ready: &atomic.Bool{}, created: &atomic.Int64{}, served: &atomic.Int64{}}
	for h := range slices.Chunk(p.headers[ada], 2) {
		c.headers += h[0] + ": " + h[1] + "\r\n"
	}
	c.ready.Store(true)
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			if err := c.run(); err != nil {
				t.Errorf("a request failed: %v", err)
			}
		})
	}
	p.eventually("the clients are at work", func() bool { return c.served.Load() > 200 })
	p.signal(syscall.SIGTERM)
	p.eventually("readiness says no", func() bool { return p.public.Get("/readyz").Status == http.StatusServiceUnavailable })
	before := c.served.Load()
	p.eventually("requests are served although readiness says no", func() bool { return c.served.Load() > before+50 })
	c.ready.Store(false)
	clients.Wait()
	if code := p.wait(); code != 0 {
		t.Errorf("exit code %d: %s", code, p.err)
	}
	t.Logf("%d requests, %d of them after the signal; %d products", c.served.Load(), c.served.Load()-before, c.created.Load())

	p = m.serve("--mode", "test", "--set", "http.drain=0s")
	p.public.Get(products+"?count=exact&limit=1").Want(200).WantAt("/page/total", fmt.Sprint(c.created.Load()))
	p.stop()
}

// A second signal ends the waiting, also that of an hour.
func TestSecondSignalHurries(t *testing.T) {
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p := newMachine(t, "APP_HTTP__DRAIN=1h", "APP_HTTP__GRACE=2h").serve("--mode", "test")
		p.signal(s)
		p.eventually("readiness says no", func() bool { return p.public.Get("/readyz").Status == http.StatusServiceUnavailable })
		p.public.Get(products).Want(200)
		p.signal(s)
		if code := p.wait(); code != 0 || !strings.Contains(p.out.String(), `"msg":"stopping","signal":"`+s.String()+`","drain":"1h0m0s","hint":"a second signal ends the waiting"}`) {
			t.Errorf("%v: exit code %d: %s", s, code, p.out)
		}
	}
}

// kill -9 loses nothing that was answered.
func TestKill(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	var answered []string
	for run := range 3 {
		p := m.serve("--mode", "test")
		locations := make(chan string)
		var writers sync.WaitGroup
		for i := range 4 {
			writers.Go(func() { write(p, fmt.Sprint(run, "-", i), locations) })
		}
		for range 100 {
			answered = append(answered, <-locations)
		}
		p.signal(syscall.SIGKILL)
		go func() {
			writers.Wait()
			close(locations)
		}()
		for at := range locations { // of requests that were on their way
			answered = append(answered, at)
		}
		if code := p.wait(); code != -1 {
			t.Fatalf("it was not killed: exit code %d", code)
		}
	}
	p := m.serve("--mode", "test")
	for _, at := range answered {
		p.public.Get(at).Want(200)
	}
	total := p.public.Get(products + "?count=exact&limit=1").Want(200).At("/page/total")
	t.Logf("%d products were answered for, %v are there", len(answered), total)
	p.stop()
}

// write creates products until that fails, and tells where each of them is.
func write(p *process, name string, locations chan<- string) {
	client := http.Client{Timeout: patience}
	defer client.CloseIdleConnections()
	for i := 0; ; i++ {
		resp, err := p.post(&client, products, product(fmt.Sprint(name, "-", i)))
		if err != nil {
			return
		}
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusCreated {
			locations <- resp.Header.Get("Location")
		}
	}
}
