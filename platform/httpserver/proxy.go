package httpserver

import (
	"bytes"
	"net"
	"net/netip"
	"strings"

	"github.com/valyala/fasthttp"
)

// peer returns the address at the other end of the connection.
func peer(fctx *fasthttp.RequestCtx) netip.Addr {
	if tcp, ok := fctx.RemoteAddr().(*net.TCPAddr); ok {
		addr, _ := netip.AddrFromSlice(tcp.IP)
		return addr.Unmap()
	}
	return netip.Addr{}
}

// trusted reports whether addr is one of the proxies.
func (s *Server) trusted(addr netip.Addr) bool {
	for _, p := range s.cfg.Proxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// client returns the address of the client: the peer, or, when that is one of our proxies, the rightmost address of X-Forwarded-For that
// is none. What stands further left was written by the client.
func (s *Server) client(fctx *fasthttp.RequestCtx, peer netip.Addr) netip.Addr {
	forwarded := fctx.Request.Header.PeekAll(fasthttp.HeaderXForwardedFor)
	if len(forwarded) == 0 || !s.trusted(peer) {
		return peer
	}
	client := peer
	hops := strings.Split(string(bytes.Join(forwarded, []byte(","))), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		addr, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break // not written by a proxy of ours: what is left of it is worth nothing
		}
		client = addr.Unmap()
		if !s.trusted(client) {
			break
		}
	}
	return client
}

// secure reports whether the client speaks TLS, with the proxy in front.
func (s *Server) secure(fctx *fasthttp.RequestCtx, peer netip.Addr) bool {
	return string(fctx.Request.Header.Peek(fasthttp.HeaderXForwardedProto)) == "https" && s.trusted(peer)
}
