package telemetry

import (
	"strconv"
	"time"
	"unicode/utf8"
)

const hexLower = "0123456789abcdef"

// appendTime appends t in UTC with milliseconds, 2006-01-02T15:04:05.000Z.
func appendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return t.AppendFormat(dst, timeLayout)
	}
	hour, minute, second := t.Clock()
	dst = append2(append2(dst, year/100), year%100)
	dst = append2(append(dst, '-'), int(month))
	dst = append2(append(dst, '-'), day)
	dst = append2(append(dst, 'T'), hour)
	dst = append2(append(dst, ':'), minute)
	dst = append2(append(dst, ':'), second)
	dst = append3(append(dst, '.'), t.Nanosecond()/1e6)
	return append(dst, 'Z')
}

const timeLayout = "2006-01-02T15:04:05.000Z"

// append2 appends n, 0 to 99, with a leading zero.
func append2(dst []byte, n int) []byte { return append(dst, '0'+byte(n/10), '0'+byte(n%10)) }

// append3 appends n, 0 to 999, with leading zeros.
func append3(dst []byte, n int) []byte { return append2(append(dst, '0'+byte(n/100)), n%100) }

// appendMillis appends d in milliseconds with three decimals, cut to the microsecond.
func appendMillis(dst []byte, d time.Duration) []byte {
	micros := max(0, d.Microseconds())
	dst = strconv.AppendInt(dst, micros/1000, 10)
	return append3(append(dst, '.'), int(micros%1000))
}

// appendJSON appends s as a JSON string. Every byte of s may be hostile: what is not valid UTF-8 becomes U+FFFD, as in
// encoding/json, control characters are escaped, those of C1 too, to which some terminals listen, and so are U+2028 and U+2029, which end a
// line in JavaScript, and the characters that change the direction of what is read.
func appendJSON[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		if i+8 <= len(s) && plain8(load8(s, i)) {
			i += 8
			continue
		}
		c := s[i]
		if c < utf8.RuneSelf {
			if ' ' <= c && c != '"' && c != '\\' {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, c)
			i++
			start = i
			continue
		}
		// The conversion does not allocate: at most four bytes, which do not escape.
		r, size := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(dst, s[start:i]...)
			dst = append(dst, `\ufffd`...)
		case r < 0xa0 || '\u2028' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069':
			dst = append(dst, s[start:i]...)
			dst = append(dst, '\\', 'u', hexLower[r>>12&0xf], hexLower[r>>8&0xf], hexLower[r>>4&0xf], hexLower[r&0xf])
		default:
			i += size
			continue
		}
		i += size
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// load8 returns the 8 bytes of s from i on as one number; the compiler makes one load of it.
func load8[T string | []byte](s T, i int) uint64 {
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
		uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
}

// plain8 reports whether all 8 bytes of x stand for themselves in a JSON string. Subtracting sets the top bit of a byte that was
// too small (a borrow reaches the next byte only from one that is found out itself), and XOR makes a wanted byte 0. See "Bit
// Twiddling Hacks" by Sean Eron Anderson, "Determine if a word has a byte less than n".
func plain8(x uint64) bool {
	const ones = 0x0101010101010101
	control := x - ones*' '
	quote := (x ^ ones*'"') - ones
	slash := (x ^ ones*'\\') - ones
	return (x|control|quote|slash)&(ones*0x80) == 0
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	default:
		return append(dst, '\\', 'u', '0', '0', hexLower[c>>4], hexLower[c&0xf])
	}
}

// cut shortens s to at most size bytes without splitting a character of UTF-8.
func cut[T string | []byte](s T, size int) T {
	if len(s) <= size {
		return s
	}
	n := size
	for n > size-utf8.UTFMax && n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
