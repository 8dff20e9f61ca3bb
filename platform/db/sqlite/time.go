package sqlite

import (
	"errors"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// timeFormat is how times are stored: UTC, and as text in the order of time, which a format that leaves trailing zeros out is not.
const timeFormat = "2006-01-02 15:04:05.000"

var errYear = errors.New("a time is stored with four digits for its year, 0000 to 9999")

// writeTime cuts what is finer than a millisecond off.
func writeTime(t time.Time) (string, error) {
	t = t.UTC()
	if t.Year() < 0 || t.Year() > 9999 {
		return "", errYear
	}
	var buf [len(timeFormat)]byte
	return string(t.AppendFormat(buf[:0], timeFormat)), nil
}

// readTime reads timeFormat, and what else SQLite or another program may have written; it returns text that is no time as it is. The
// first is written out by hand because a list of 50 rows would spend an eighth of its time on time.Parse.
func readTime(s string) any {
	if t, ok := parseTime(s); ok {
		return t
	}
	if t, err := sqlite3.TimeFormat4.Decode(s); err == nil {
		return t.UTC()
	}
	return s
}

func parseTime(s string) (time.Time, bool) {
	if len(s) != len(timeFormat) || s[4] != '-' || s[7] != '-' || s[10] != ' ' || s[13] != ':' || s[16] != ':' || s[19] != '.' {
		return time.Time{}, false
	}
	ok := true
	number := func(from, to, low, high int) int {
		n := 0
		for i := from; i < to; i++ {
			ok = ok && '0' <= s[i] && s[i] <= '9'
			n = n*10 + int(s[i]-'0')
		}
		ok = ok && low <= n && n <= high
		return n
	}
	year, month, day := number(0, 4, 0, 9999), time.Month(number(5, 7, 1, 12)), number(8, 10, 1, 31)
	hour, minute, second, milli := number(11, 13, 0, 23), number(14, 16, 0, 59), number(17, 19, 0, 59), number(20, 23, 0, 999)
	if !ok {
		return time.Time{}, false
	}
	t := time.Date(year, month, day, hour, minute, second, milli*int(time.Millisecond), time.UTC)
	return t, t.Day() == day // there is no 30th of February
}
