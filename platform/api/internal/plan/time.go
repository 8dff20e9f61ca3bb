package plan

import (
	"errors"
	"reflect"
	"time"
)

const wantTime = "must be a time like 2006-01-02T15:04:05Z (RFC 3339)"

var errYear = errors.New("RFC 3339 has no way to write a year outside of 0000 to 9999")

// timeCodec reads RFC 3339 into UTC, cut to milliseconds, and always writes 2006-01-02T15:04:05.000Z.
type timeCodec struct{}

func (*timeCodec) decode(d *decoder, v reflect.Value) bool {
	b, got, ok := d.text()
	if !got {
		return ok
	}
	t, p := parseTime(b)
	if p.found() {
		d.note(p)
	}
	*v.Addr().Interface().(*time.Time) = t
	return true
}

func (*timeCodec) parse(s string, v reflect.Value) problem {
	t, p := parseTime([]byte(s))
	*v.Addr().Interface().(*time.Time) = t
	return p
}

// parseTime reads RFC 3339, section 5.6, with T and Z in upper case.
func parseTime(b []byte) (time.Time, problem) {
	var t time.Time
	if !likeTime(b) || t.UnmarshalText(b) != nil {
		return time.Time{}, problem{CodeFormat, wantTime}
	}
	// An offset can move the first and the last day of the calendar out of it.
	if t = t.UTC().Truncate(time.Millisecond); !writableYear(t) {
		return time.Time{}, problem{CodeRange, "must be in the years 0000 to 9999 of UTC"}
	}
	return t, problem{}
}

// likeTime reports whether b has the form of RFC 3339. Package time leaves the size of the numbers to be checked, but takes other forms,
// too: an hour of one digit, a comma before the fraction, an offset of a day and more.
func likeTime(b []byte) bool {
	const form = "0000-00-00T00:00:00"
	if len(b) <= len(form) || !sameForm(b[:len(form)], form) {
		return false
	}
	b = b[len(form):]
	if b[0] == '.' {
		n := 1
		for n < len(b) && isDigit(b[n]) {
			n++
		}
		if n == 1 {
			return false
		}
		b = b[n:]
	}
	if string(b) == "Z" {
		return true
	}
	return (sameForm(b, "+00:00") || sameForm(b, "-00:00")) && string(b[1:3]) < "24" && b[4] < '6'
}

// sameForm reports whether b is form with any digits in the place of its zeros.
func sameForm(b []byte, form string) bool {
	if len(b) != len(form) {
		return false
	}
	for i, c := range b {
		if c != form[i] && (form[i] != '0' || !isDigit(c)) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func writableYear(t time.Time) bool { return 0 <= t.Year() && t.Year() <= 9999 }

func (*timeCodec) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	t := v.Addr().Interface().(*time.Time).UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return dst, errYear
	}
	hour, minute, second := t.Clock()
	dst = appendDigits(append(dst, '"'), year, 4)
	dst = appendDigits(append(dst, '-'), int(month), 2)
	dst = appendDigits(append(dst, '-'), day, 2)
	dst = appendDigits(append(dst, 'T'), hour, 2)
	dst = appendDigits(append(dst, ':'), minute, 2)
	dst = appendDigits(append(dst, ':'), second, 2)
	dst = appendDigits(append(dst, '.'), t.Nanosecond()/1e6, 3)
	return append(dst, 'Z', '"'), nil
}

// appendDigits appends n with leading zeros, width digits in all.
func appendDigits(dst []byte, n, width int) []byte {
	end := len(dst) + width
	dst = append(dst, "0000"[:width]...)
	for i := end - 1; n > 0; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return dst
}

func (*timeCodec) describe(*Components) (*Schema, error) {
	return &Schema{Type: "string", Format: "date-time"}, nil
}
