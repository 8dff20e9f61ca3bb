package servertest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// Proxy stands between clients and a server, on loopback, and breaks what goes through it as its test says. At first everything goes
// through. It ends with the test. It is safe for concurrent use.
type Proxy struct {
	listener      net.Listener
	network, addr string // of the server

	mu         sync.Mutex
	silent     bool
	changed    chan struct{} // closed, and replaced, when silent changes
	delay      time.Duration
	cut        int // bytes of each answer that get through; negative for all
	old, other []byte
	hook       func(request []byte) Verdict
	forge      func(answer []byte) []byte
	links      map[*link]struct{}
	closed     bool

	running sync.WaitGroup
}

// Verdict is what becomes of a request: of what a client has sent in one go.
type Verdict uint8

// The verdicts.
const (
	Forward     Verdict = iota // the server gets it
	LoseRequest                // the server does not get it, and the client's connection is reset
	LoseReply                  // the server gets it and answers, and the client's connection is reset before it hears of that
	Deafen                     // the server gets it, and the client hears nothing from now on; its connection stays open
)

// link is one connection of a client, and the one to the server that belongs to it.
type link struct {
	client, server net.Conn
	ended          chan struct{}
	end            func()

	mu     sync.Mutex
	passed int  // bytes of the current answer that have got through
	lose   bool // the next answer
	deaf   bool // it loses all of them
}

// StartProxy starts a proxy before the server at addr, a socket in the file system when network is "unix".
func StartProxy(t Test, network, addr string) *Proxy {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("%v", err)
	}
	p := &Proxy{listener: listener, network: network, addr: addr, changed: make(chan struct{}), cut: -1, links: map[*link]struct{}{}}
	p.running.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

// Addr returns where the proxy listens, "127.0.0.1:41234".
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Silence makes the proxy a network that drops every packet: connections stay open, new ones are accepted, and nobody hears anything. Without
// silence again, everything comes through that was on its way.
func (p *Proxy) Silence(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.silent != on {
		p.silent = on
		close(p.changed)
		p.changed = make(chan struct{})
	}
}

// Delay makes every answer wait for d.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// Cut resets connections when n bytes of an answer have got through; a negative n ends that.
func (p *Proxy) Cut(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = n
}

// Rewrite replaces a text in everything that the server says. Both have the same length.
func (p *Proxy) Rewrite(old, other string) {
	if len(old) != len(other) {
		panic("servertest: Proxy.Rewrite would change the length of a message")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.old, p.other = []byte(old), []byte(other)
}

// OnRequest lets hook judge every request before the server gets it. Meanwhile the others go on. Nil ends that.
func (p *Proxy) OnRequest(hook func(request []byte) Verdict) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hook = hook
}

// OnAnswer has clients get what forge makes of what the server has sent in one go, which may be a part of an answer or several. Forge may change its argument; it is called from
// several goroutines. Nil ends that.
func (p *Proxy) OnAnswer(forge func(answer []byte) []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forge = forge
}

// Reset ends all connections with a reset (RST), as a firewall does or a machine that has started anew. New ones go through.
func (p *Proxy) Reset() {
	p.mu.Lock()
	links := p.links
	p.links = map[*link]struct{}{}
	p.mu.Unlock()
	for l := range links {
		l.reset()
	}
}

func (p *Proxy) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	_ = p.listener.Close() // nobody else closes it
	p.Reset()
	p.running.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // it is closed
		}
		l := &link{client: client, ended: make(chan struct{})}
		l.end = sync.OnceFunc(func() { close(l.ended) })
		p.mu.Lock()
		if p.closed {
			p.mu.Unlock()
			l.reset()
			return
		}
		p.links[l] = struct{}{}
		p.mu.Unlock()
		p.running.Go(func() { p.serve(l) })
	}
}

// serve connects a client with the server, and returns when both have gone.
func (p *Proxy) serve(l *link) {
	defer func() {
		p.mu.Lock()
		delete(p.links, l)
		p.mu.Unlock()
	}()
	if !p.audible(l) {
		return
	}
	server, err := net.Dial(p.network, p.addr) //nolint:noctx // on this machine: it takes no time
	if err != nil {
		l.reset() // as the machine would that the server does not run on
		return
	}
	l.mu.Lock()
	l.server = server
	l.mu.Unlock()
	select {
	case <-l.ended:
		_ = server.Close()
		return
	default:
	}
	var answers sync.WaitGroup
	answers.Go(func() { p.pump(l, server, l.client, p.answer) })
	p.pump(l, l.client, server, p.request)
	answers.Wait()
	l.close()
}

// audible waits for the end of a silence, and returns false when the connection ends first.
func (p *Proxy) audible(l *link) bool {
	for {
		p.mu.Lock()
		silent, changed := p.silent, p.changed
		p.mu.Unlock()
		if !silent {
			return true
		}
		select {
		case <-changed:
		case <-l.ended:
			return false
		}
	}
}

// request judges what a client has sent, and returns what the server gets; false ends the connection.
func (p *Proxy) request(l *link, data []byte) ([]byte, bool) {
	p.mu.Lock()
	hook := p.hook
	p.mu.Unlock()
	l.mu.Lock()
	l.passed = 0
	l.mu.Unlock()
	if hook == nil {
		return data, true
	}
	switch hook(data) {
	case LoseRequest:
		return nil, false
	case LoseReply:
		l.mu.Lock()
		l.lose = true
		l.mu.Unlock()
	case Deafen:
		l.mu.Lock()
		l.deaf = true
		l.mu.Unlock()
	}
	return data, true
}

// answer returns what a client gets of what the server has sent; false ends the connection behind it.
func (p *Proxy) answer(l *link, data []byte) ([]byte, bool) {
	p.mu.Lock()
	delay, cut, forge := p.delay, p.cut, p.forge
	if len(p.old) > 0 {
		data = bytes.ReplaceAll(data, p.old, p.other)
	}
	p.mu.Unlock()
	if forge != nil {
		data = forge(data)
	}
	if delay > 0 {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-l.ended:
			return nil, false
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lose {
		return nil, false
	}
	if l.deaf {
		return nil, true
	}
	if cut < 0 || l.passed+len(data) <= cut {
		l.passed += len(data)
		return data, true
	}
	return data[:max(0, cut-l.passed)], false
}

// pump carries what one side sends to the other one. The end of a side is passed on as it was: by FIN, or by a reset.
func (p *Proxy) pump(l *link, from, to net.Conn, judge func(*link, []byte) ([]byte, bool)) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if !p.audible(l) {
			return
		}
		if n > 0 {
			data, more := judge(l, buf[:n])
			if _, err := to.Write(data); err != nil || !more {
				l.reset()
				return
			}
		}
		switch half, ok := to.(interface{ CloseWrite() error }); {
		case err == nil:
		case errors.Is(err, io.EOF) && ok:
			_ = half.CloseWrite() // that side may have gone
			return
		default:
			l.reset()
			return
		}
	}
}

// reset ends the connection: with RST on the client's side.
func (l *link) reset() {
	if tcp, ok := l.client.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	l.close()
}

func (l *link) close() {
	l.end()
	_ = l.client.Close() // for good, whatever it says
	l.mu.Lock()
	server := l.server
	l.mu.Unlock()
	if server != nil {
		_ = server.Close()
	}
}
