package plan

import (
	"net/url"
	"strings"
	"time"
)

// maxEmail is the length of the longest address that fits into an SMTP path (RFC 5321, section 4.5.3.1.3).
const maxEmail = 254

func formats() []string {
	return []string{"date", "date-time", "email", "hostname", "slug", "uri", "uuid"}
}

// formatCheck returns the check of a format, nil for one that has none.
func formatCheck(name string) func(string) bool {
	switch name {
	case "date":
		return isDate
	case "date-time":
		return isDateTime
	case "email":
		return isEmail
	case "hostname":
		return isHostname
	case "slug":
		return isSlug
	case "uri":
		return isURI
	case "uuid":
		return isUUID
	default:
		return nil
	}
}

// formatSentence says what a text of that format looks like. It also knows formats of text types.
func formatSentence(name string) string {
	switch name {
	case "date":
		return "must be a date like 2006-01-02"
	case "date-time":
		return wantTime
	case "email":
		return "must be one e-mail address like name@example.com"
	case "hostname":
		return "must be a host name like www.example.com"
	case "slug":
		return "must be lower-case letters and digits, in groups separated by single hyphens"
	case "uri":
		return "must be an absolute http or https address"
	case "uuid":
		return "must be a UUID like 01890a5d-ac96-774b-bcce-b302099a8057"
	case "":
		return "is not written the way it has to be"
	default:
		return "must be a valid " + name
	}
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func isDateTime(s string) bool {
	_, p := parseTime([]byte(s))
	return !p.found()
}

// isEmail reports whether s is an address in the form local-part@domain, the local part a dot-string (RFC 5321, section 4.1.2): no
// display name, no quotes, no comment, no address literal, ASCII alone.
func isEmail(s string) bool {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at > 64 || len(s) > maxEmail || !isHostname(s[at+1:]) {
		return false
	}
	local := s[:at]
	if local[0] == '.' || local[at-1] == '.' || strings.Contains(local, "..") {
		return false
	}
	for i := range len(local) {
		if c := local[i]; !isAlnum(c) && strings.IndexByte(".!#$%&'*+-/=?^_`{|}~", c) < 0 {
			return false
		}
	}
	return true
}

// isHostname reports whether s is a host name (RFC 1123, section 2.1) without a dot at its end.
func isHostname(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; !isAlnum(c) && c != '-' {
				return false
			}
		}
	}
	return true
}

func isSlug(s string) bool {
	for group := range strings.SplitSeq(s, "-") {
		if group == "" {
			return false
		}
		for i := range len(group) {
			if c := group[i]; !isAlnum(c) || 'A' <= c && c <= 'Z' {
				return false
			}
		}
	}
	return true
}

// isURI reports whether s is an absolute http or https URI (RFC 3986) with a host, in ASCII.
func isURI(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			return false
		}
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.Opaque == ""
}

// isUUID reports whether s is 8-4-4-4-12 hexadecimal digits (RFC 9562, section 4).
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if !isAlnum(c) || c|0x20 > 'f' {
				return false
			}
		}
	}
	return true
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
