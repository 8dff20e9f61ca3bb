package plan

import "unicode/utf8"

// appendString appends s as a JSON string (RFC 8259, section 7), escaping only what has to be. Bytes that are not UTF-8 become U+FFFD,
// so that the result is JSON for every Go string.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	done := 0
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if !plainByte(c) {
				dst = appendEscape(append(dst, s[done:i]...), c)
				done = i + 1
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			dst = append(append(dst, s[done:i]...), "\ufffd"...)
			done = i + 1
		}
		i += n
	}
	return append(append(dst, s[done:]...), '"')
}

func plainByte(c byte) bool { return c >= ' ' && c != '"' && c != '\\' }

// plain reports whether b can stand between quotes as it is.
func plain(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf || !plainByte(c) {
			return false
		}
	}
	return true
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
