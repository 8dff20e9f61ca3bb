package httpserver

import (
	"net"
	"net/netip"
	"strings"

	"github.com/banyan-go/banyan/platform/api"
)

// hosts are the names under which the server answers; without any it is every name.
type hosts struct {
	names map[string]bool // in lower case; .example.com is every name below it
}

// newHosts returns those of http.hosts. In mode dev only this machine is left when there are none: a page of a stranger can have a name of its own lead
// to this machine, and its browser then takes the application for a part of that page (DNS rebinding).
func newHosts(names []string, dev bool) *hosts {
	if len(names) == 0 && !dev {
		return nil
	}
	h := &hosts{names: map[string]bool{}}
	for _, n := range names {
		h.names[strings.TrimPrefix(strings.ToLower(n), "*")] = true
	}
	return h
}

// check refuses a header Host that names somebody else. Nobody but this machine has its addresses and names, and health checks come with these.
func (h *hosts) check(host []byte) error {
	if h == nil || len(host) == 0 {
		return nil
	}
	name := hostName(string(host))
	if isThisMachine(name) || h.names[strings.ToLower(name)] {
		return nil
	}
	for below := strings.ToLower(name); ; {
		i := strings.IndexByte(below, '.')
		if i < 0 {
			return api.ProtocolError("misdirected", "host_unknown", "The server does not answer to the name in the header Host: http.hosts names those that it does.")
		}
		if h.names[below[i:]] {
			return nil
		}
		below = below[i+1:]
	}
}

// hostName returns the name or the address in a header Host, without the port.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.TrimSuffix(host, ".")
}

// isThisMachine reports whether a name is an address, or one that no name server gives to somebody else.
func isThisMachine(name string) bool {
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return true
	}
	name = strings.ToLower(name)
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}
