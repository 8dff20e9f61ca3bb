package api

import (
	"strings"
	"unicode/utf8"

	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/page"
)

// maxQueryParams bounds the names in a query string.
const maxQueryParams = 100

// Errors of a query string that cannot be read.
var (
	errQuerySyntax = fault.New(fault.Malformed, "bad_query", "The query string is not percent-encoded text in UTF-8.")
	errQueryCount  = fault.New(fault.Malformed, "too_many_parameters", "The query string has more than 100 parameters.")
)

// parseQuery reads a query string strictly: what cannot be decoded is an error and not a literal, because somebody in front of this
// server may read it another way. The strings are copies.
func parseQuery(raw []byte) ([]page.Param, error) {
	var params []page.Param
	for pair := range strings.SplitSeq(string(raw), "&") {
		if pair == "" {
			continue
		}
		if len(params) == maxQueryParams {
			return nil, errQueryCount
		}
		name, value, _ := strings.Cut(pair, "=")
		name, okName := unescape(name, true)
		value, okValue := unescape(value, true)
		if !okName || !okValue {
			return nil, errQuerySyntax
		}
		params = append(params, page.Param{Name: name, Value: value})
	}
	return params, nil
}

// unescape decodes percent-encoding and refuses what is not valid: a % without two hexadecimal digits, bytes that are not UTF-8, NUL.
func unescape(s string, plus bool) (string, bool) {
	if !strings.ContainsAny(s, "%+") {
		return s, utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '%':
			if i+2 >= len(s) {
				return "", false
			}
			high, low := unhex(s[i+1]), unhex(s[i+2])
			if high < 0 || low < 0 {
				return "", false
			}
			b = append(b, byte(high<<4|low))
			i += 2
		case c == '+' && plus:
			b = append(b, ' ')
		default:
			b = append(b, c)
		}
	}
	s = string(b)
	return s, utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// unhex returns the value of a hexadecimal digit, and -1 for every other byte.
func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	default:
		return -1
	}
}
