package ratelimit

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
)

// Who is what is known about the sender of a request.
type Who struct {
	User    string     // empty for an anonymous one
	Address netip.Addr // of the client, not of a proxy
	Header  []byte     // the value of the header that the rule's key names
}

// AppendSubject appends whose request it is by this key, and reports whether it is counted at all. The texts of two keys are never the same.
func (k Key) AppendSubject(dst []byte, w Who) (subject []byte, counted bool) {
	switch {
	case k == Global:
		return append(dst, '*'), true
	case k == User && w.User == "" || k == Subject:
		return dst, false
	case w.User != "" && (k == User || k == UserOrIP):
		return append(append(dst, "user:"...), w.User...), true
	case len(w.Header) > 0 && k.Header() != "":
		return append(append(dst, "header:"...), w.Header...), true
	default:
		return AppendAddress(dst, w.Address), true
	}
}

// AppendAddress appends an address as a subject. An IPv6 address counts as its /64, which one household has; an IPv4 address inside an IPv6 one
// is the IPv4 address.
func AppendAddress(dst []byte, a netip.Addr) []byte {
	dst = append(dst, "ip:"...)
	if a = a.Unmap().WithZone(""); a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			a = p.Addr()
		}
	}
	if !a.IsValid() {
		return dst // a connection of a kind that has no addresses
	}
	return a.AppendTo(dst)
}

// maxSubject is the longest subject, in bytes, that is kept as it is.
const maxSubject = 64

// bounded returns a subject of bounded length: a hash, which is longer than all others, for a long one.
func bounded(subject []byte) []byte {
	if len(subject) <= maxSubject {
		return subject
	}
	sum := sha256.Sum256(subject)
	return append([]byte("sha256:"), hex.EncodeToString(sum[:])...)
}
