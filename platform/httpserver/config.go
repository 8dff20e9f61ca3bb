package httpserver

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/unit"
)

// Config is the section `http`.
type Config struct {
	Addr    string            `config:"addr" doc:"Address of the public listener, host:port; without a host it is all of them, in mode dev loopback alone."`
	OpsAddr unit.Auto[string] `config:"ops_addr" doc:"Address of the listener for health, metrics and pprof, host:port; auto is 127.0.0.1:9090."`
	// OpsToken opens pprof to callers that are not on this machine.
	OpsToken string  `config:"ops_token" secret:"true" doc:"Bearer token that opens pprof to callers from elsewhere; empty opens it to this machine alone. At least 20 characters in mode prod."`
	Proxies  []Proxy `config:"proxies" doc:"Addresses or networks (10.0.0.0/8) of the proxies in front, whose X-Forwarded-For and X-Forwarded-Proto are believed."`

	Hosts []string `config:"hosts" doc:"Names under which the server answers, *.example.com for all below one; a request for another one is answered with 421. Empty is every name, in mode dev localhost and what ends in .localhost; addresses are always answered."`

	CORS CORS `config:"cors"`

	Compress []string `config:"compress" enum:"zstd,br,gzip" doc:"Content codings that are offered, the best one first: zstd, br, gzip; an empty list compresses nothing."`

	ResponseCache unit.Bytes `config:"response_cache" doc:"Memory for answers that the server keeps itself, of operations that say so (api.Caching.Server); 0 keeps none."`

	BodyLimit   unit.Bytes `config:"body_limit" doc:"Largest body of a request, as sent and after decompression; a larger one is answered with 413."`
	HeaderLimit unit.Bytes `config:"header_limit" doc:"Largest header section of a request; a larger one is answered with 431."`
	HeaderCount int        `config:"header_count" doc:"Most header fields of a request; more are answered with 431."`
	URILimit    unit.Bytes `config:"uri_limit" doc:"Longest address of a request; a longer one is answered with 414."`

	HeaderTimeout  time.Duration `config:"header_timeout" doc:"Longest time in which the header section of a request may arrive."`
	BodyTimeout    time.Duration `config:"body_timeout" doc:"Longest time in which the body of a request may arrive."`
	RequestTimeout time.Duration `config:"request_timeout" doc:"Longest time that an operation may take; its context ends then, and the answer is 503."`
	WriteTimeout   time.Duration `config:"write_timeout" doc:"Longest time in which a client has to take its answer."`
	IdleTimeout    time.Duration `config:"idle_timeout" doc:"Longest time that a connection waits for its next request."`

	Shed Shed `config:"shed"`

	Drain    unit.Auto[time.Duration] `config:"drain" doc:"Time after the signal to stop in which requests are still taken while readiness says no; auto is 10s, in mode dev 0, or 250ms on a socket that the next process has too."`
	InFlight time.Duration            `config:"in_flight" doc:"Longest time after the drain in which running requests may end."`
	Grace    time.Duration            `config:"grace" doc:"Time that the surroundings give a process to stop, 30s in Kubernetes; drain and in_flight have to fit."`
}

// Default returns the settings of a single machine.
func Default() Config {
	return Config{
		Addr:           ":8080",
		Proxies:        []Proxy{{netip.MustParsePrefix("127.0.0.1/32")}, {netip.MustParsePrefix("::1/128")}},
		CORS:           defaultCORS(),
		Compress:       []string{"zstd", "br", "gzip"},
		ResponseCache:  32 * unit.MiB,
		BodyLimit:      4 * unit.MiB,
		HeaderLimit:    16 * unit.KiB,
		HeaderCount:    100,
		URILimit:       8 * unit.KiB,
		HeaderTimeout:  10 * time.Second,
		BodyTimeout:    30 * time.Second,
		RequestTimeout: 5 * time.Second,
		WriteTimeout:   20 * time.Second,
		IdleTimeout:    75 * time.Second, // longer than a load balancer's, so that it is the one who closes
		Shed:           defaultShed(),
		InFlight:       15 * time.Second,
		Grace:          30 * time.Second,
	}
}

// minToken is how long a token has to be that keeps strangers out.
const minToken = 20

// placeholder reports whether a token stands where one is to be put, and is the first that a stranger tries.
func placeholder(token string) bool {
	different := map[rune]bool{}
	for _, r := range token {
		different[r] = true
	}
	token = strings.ToLower(token)
	return len(different) < 6 || slices.ContainsFunc([]string{"changeme", "change-me", "change_me", "example", "password", "secret"}, func(word string) bool {
		return strings.Contains(token, word)
	})
}

// drain returns the time of http.drain.
func (c Config) drain(dev bool) time.Duration {
	if dev {
		return c.Drain.Or(0)
	}
	return c.Drain.Or(10 * time.Second)
}

// connLimits returns the limits of the connections. A body that comes in chunks of one byte takes six times its size.
func (c Config) connLimits() *connLimits {
	return &connLimits{
		header: c.HeaderTimeout, idle: c.IdleTimeout, write: c.WriteTimeout,
		slack: min(c.HeaderTimeout, c.BodyTimeout, c.WriteTimeout, c.IdleTimeout, 10*time.Second) / 20,
		most:  int(c.HeaderLimit) + 8*int(c.BodyLimit),
	}
}

// opsAddr returns the address of the ops listener.
func (c Config) opsAddr() string { return c.OpsAddr.Or("127.0.0.1:9090") }

// Validate reports settings that are impossible or contradict each other.
func (c Config) Validate(r *config.Report) {
	c.validateAddresses(r)
	c.validateHosts(r)
	c.validateLimits(r)
	switch n := len(c.OpsToken); {
	case r.Mode() != config.Prod || n == 0:
	case n < minToken:
		r.Add("ops_token", "", fmt.Sprintf("at least %d characters in mode prod, or nothing", minToken))
	case placeholder(c.OpsToken):
		r.Add("ops_token", "", "a token of your own in mode prod, drawn at random: openssl rand -hex 20")
	}
	if together := c.drain(r.Mode() == config.Dev) + c.InFlight; together > c.Grace {
		r.Add("grace", c.Grace.String(), "at least http.drain and http.in_flight together, "+together.String())
	}
}

func (c Config) validateAddresses(r *config.Report) {
	check := func(key, addr string) {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			r.Add(key, addr, "host:port, or :port for every host")
			return
		}
		if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
			r.Add(key, addr, "a port from 0 to 65535; 0 takes a free one")
		}
	}
	check("addr", c.Addr)
	check("ops_addr", c.opsAddr())
	if overlap(c.Addr, c.opsAddr()) {
		r.Add("ops_addr", c.opsAddr(), "another port than http.addr, "+c.Addr)
	}
	for _, p := range c.Proxies {
		if p.IsValid() && p.Bits() == 0 {
			r.Add("proxies", p.String(), "the networks of your proxies: from everywhere, any client could say that it is another one")
		}
	}
}

func (c Config) validateHosts(r *config.Report) {
	for _, name := range c.Hosts {
		if rest := strings.TrimPrefix(name, "*."); rest == "" || strings.Trim(strings.ToLower(rest), "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" || strings.HasPrefix(rest, ".") {
			r.Add("hosts", name, "a name without a scheme and a port: shop.example.com, or *.example.com")
		}
	}
}

// overlap reports whether no two listeners can have these addresses.
func overlap(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB || portA == "0" {
		return false
	}
	every := func(host string) bool {
		ip, err := netip.ParseAddr(host)
		return host == "" || err == nil && ip.IsUnspecified()
	}
	return hostA == hostB || every(hostA) || every(hostB)
}

func (c Config) validateLimits(r *config.Report) {
	if c.BodyLimit < unit.KiB || c.BodyLimit > unit.GiB {
		r.Add("body_limit", c.BodyLimit.String(), "1KiB to 1GiB")
	}
	if n := c.ResponseCache; n != 0 && (n < unit.MiB || n > unit.GiB) {
		r.Add("response_cache", n.String(), "0, or 1MiB to 1GiB")
	}
	if c.HeaderLimit < unit.KiB || c.HeaderLimit > unit.MiB {
		r.Add("header_limit", c.HeaderLimit.String(), "1KiB to 1MiB: each connection has a buffer of this size")
	}
	if c.URILimit < unit.KiB || c.URILimit > c.HeaderLimit {
		r.Add("uri_limit", c.URILimit.String(), "1KiB to http.header_limit, "+c.HeaderLimit.String())
	}
	if c.HeaderCount < 10 || c.HeaderCount > 10_000 {
		r.Add("header_count", strconv.Itoa(c.HeaderCount), "10 to 10000")
	}
	for _, limit := range []struct {
		key string
		d   time.Duration
	}{
		{"header_timeout", c.HeaderTimeout}, {"body_timeout", c.BodyTimeout}, {"request_timeout", c.RequestTimeout},
		{"write_timeout", c.WriteTimeout}, {"idle_timeout", c.IdleTimeout}, {"in_flight", c.InFlight},
	} {
		if limit.d <= 0 {
			r.Add(limit.key, limit.d.String(), "more than 0")
		}
	}
	if d := c.drain(false); d < 0 {
		r.Add("drain", d.String(), "0 or more")
	}
}

// Proxy is the address or the network of a proxy that is believed.
type Proxy struct{ netip.Prefix }

// UnmarshalText reads 10.0.0.0/8 and 10.0.0.1.
func (p *Proxy) UnmarshalText(text []byte) error {
	if addr, err := netip.ParseAddr(string(text)); err == nil {
		p.Prefix = netip.PrefixFrom(addr, addr.BitLen())
		return nil
	}
	prefix, err := netip.ParsePrefix(string(text))
	if err != nil {
		return fmt.Errorf("want an address such as 10.0.0.1 or a network such as 10.0.0.0/8")
	}
	p.Prefix = prefix.Masked()
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (p Proxy) MarshalText() ([]byte, error) {
	if p.IsSingleIP() {
		return []byte(p.Addr().String()), nil
	}
	return []byte(p.String()), nil
}
