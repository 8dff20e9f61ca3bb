package api

import (
	"bytes"
	"strings"

	"github.com/valyala/fasthttp"
)

// Weight returns the weight, 0 to 1000, that an Accept or Accept-Encoding header gives to a token, and -1 when the header does not
// mention it. It reads header lists as RFC 9110, section 12.4.2, has them; what cannot be read counts as not mentioned. Token is in
// lower case.
func Weight(header, token string) int {
	for item := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(item, ";")
		if strings.EqualFold(strings.TrimSpace(name), token) {
			return quality(params)
		}
	}
	return -1
}

// quality reads ;q=0.5 in thousandths, and returns -1 for what is no weight.
func quality(params string) int {
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		value = strings.TrimSpace(value)
		if value == "" || len(value) > 5 || value[0] != '0' && value[0] != '1' {
			return -1
		}
		q := int(value[0]-'0') * 1000
		if len(value) > 1 && value[1] != '.' {
			return -1
		}
		for i, scale := 2, 100; i < len(value); i, scale = i+1, scale/10 {
			if value[i] < '0' || value[i] > '9' {
				return -1
			}
			q += int(value[i]-'0') * scale
		}
		if q > 1000 {
			return -1
		}
		return q
	}
	return 1000
}

// joined returns the value of a request header that is a list. It may be sent in several lines, which mean one (RFC 9110, section 5.3).
func joined(h *fasthttp.RequestHeader, name string) string {
	lines := h.PeekAll(name)
	switch len(lines) {
	case 0:
		return ""
	case 1:
		return string(lines[0])
	default:
		return string(bytes.Join(lines, []byte(", ")))
	}
}

// AcceptsJSON reports whether the header Accept lets an operation answer, which it does in JSON. No header accepts everything.
func AcceptsJSON(h *fasthttp.RequestHeader) bool {
	switch string(h.PeekCanonical([]byte(fasthttp.HeaderAccept))) { // what nearly every client sends
	case "", "*/*", "application/json":
		if len(h.PeekAll(fasthttp.HeaderAccept)) < 2 {
			return true
		}
	}
	header := joined(h, fasthttp.HeaderAccept)
	for _, mediaRange := range []string{"application/json", "application/*", "*/*"} { // the most specific one decides
		if w := Weight(header, mediaRange); w >= 0 {
			return w > 0
		}
	}
	return false
}
