package httpserver

import (
	"bytes"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"
)

// peer returns the address at the other end of the connection.
func peer(fctx *fasthttp.RequestCtx) netip.Addr {
	if c := connOf(fctx); c != nil {
		return c.peer
	}
	return addrOf(fctx.RemoteAddr())
}

// addrOf returns the address of an end without its port; invalid where it has none, as a Unix socket.
func addrOf(end net.Addr) netip.Addr {
	if tcp, ok := end.(*net.TCPAddr); ok {
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
	if !s.trusted(peer) {
		return peer
	}
	forwarded := bytes.Join(fctx.Request.Header.PeekAll(fasthttp.HeaderXForwardedFor), []byte(",")) // a proxy may add a line, to one that is empty, too
	client := peer
	for _, hop := range slices.Backward(strings.Split(string(forwarded), ",")) {
		addr, ok := parseHop(strings.TrimSpace(hop))
		if !ok {
			break // not written by a proxy of ours: what is left of it is worth nothing
		}
		client = addr
		if !s.trusted(client) {
			break
		}
	}
	return client
}

// parseHop reads an address, with which some proxies write a port.
func parseHop(text string) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return addr.Unmap(), true
	}
	withPort, err := netip.ParseAddrPort(text)
	return withPort.Addr().Unmap(), err == nil
}

// secure reports whether the client speaks TLS, with the proxy in front.
func (s *Server) secure(fctx *fasthttp.RequestCtx, peer netip.Addr) bool {
	return s.trusted(peer) && string(fctx.Request.Header.PeekCanonical([]byte(fasthttp.HeaderXForwardedProto))) == "https"
}
