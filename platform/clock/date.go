package clock

import (
	"cmp"
	"fmt"
	"time"

	"github.com/banyan-go/banyan/platform/fault"
)

// ErrDate is the error for text that is not a date.
var ErrDate = fault.New(fault.Invalid, "bad_date", "A date is written as year, month and day, 2006-01-02 for instance, and has to be in the calendar.")

// Date is a day of the (proleptic Gregorian) calendar in the years 1 to 9999, without a time of day and without a time zone. The
// zero value is no date: it has no text, neither in JSON nor in a database. For a date that may be absent use *Date.
//
// Dates can be compared by == and be the keys of a map.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf returns the date of t in t's own location: use t.In(location) to ask what day it is elsewhere. Outside of the years 1 to
// 9999 it returns the zero Date.
func DateOf(t time.Time) Date {
	var d Date
	d.Year, d.Month, d.Day = t.Date()
	if d.Year < 1 || d.Year > 9999 {
		return Date{}
	}
	return d
}

// ParseDate reads a date as RFC 3339 writes its full-date: 2006-01-02, with four, two and two digits. It returns ErrDate for
// everything else and for days that are not in the calendar, 2026-02-30 for instance.
func ParseDate(s string) (Date, error) { return parseDate(s) }

func parseDate[T string | []byte](s T) (Date, error) {
	if len(s) != len("2006-01-02") || s[4] != '-' || s[7] != '-' {
		return Date{}, ErrDate
	}
	number := func(from, to int) int {
		n := 0
		for i := from; i < to; i++ {
			if s[i] < '0' || s[i] > '9' {
				return -1
			}
			n = n*10 + int(s[i]-'0')
		}
		return n
	}
	d := Date{Year: number(0, 4), Month: time.Month(number(5, 7)), Day: number(8, 10)}
	if !d.IsValid() {
		return Date{}, ErrDate
	}
	return d, nil
}

// IsValid reports whether d is a day of the calendar in the years 1 to 9999. A date made by ParseDate, DateOf of such a year or
// AddDays is valid or zero; one written as a literal need not be.
func (d Date) IsValid() bool {
	return d.Year >= 1 && d.Year <= 9999 && d.Month >= time.January && d.Month <= time.December && d.Day >= 1 && d.Day <= d.lastDay()
}

// lastDay returns the number of days of d's month, which has to be a month.
func (d Date) lastDay() int {
	switch d.Month {
	case time.April, time.June, time.September, time.November:
		return 30
	case time.February:
		if d.Year%4 == 0 && (d.Year%100 != 0 || d.Year%400 == 0) {
			return 29
		}
		return 28
	default:
		return 31
	}
}

// IsZero reports whether d is the zero value, which is no date.
func (d Date) IsZero() bool { return d == Date{} }

// Compare returns -1 when d is before e, 0 when they are the same day and +1 when d is after e.
func (d Date) Compare(e Date) int {
	return cmp.Or(cmp.Compare(d.Year, e.Year), cmp.Compare(d.Month, e.Month), cmp.Compare(d.Day, e.Day))
}

// Before reports whether d is an earlier day than e.
func (d Date) Before(e Date) bool { return d.Compare(e) < 0 }

// After reports whether d is a later day than e.
func (d Date) After(e Date) bool { return d.Compare(e) > 0 }

// AddDays returns the day n days after d, or before it when n is negative. It returns the zero Date when d is not valid and when
// the result lies outside of the years 1 to 9999.
func (d Date) AddDays(n int) Date {
	// More days than there are between the first date and the last one; it also keeps the addition below from overflowing.
	const all = 10_000 * 366
	if !d.IsValid() || n > all || n < -all {
		return Date{}
	}
	return DateOf(time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC))
}

// Time returns midnight UTC at the begin of d, and the zero time for a date that is not valid.
func (d Date) Time() time.Time {
	if !d.IsValid() {
		return time.Time{}
	}
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}

// String returns d as 2006-01-02. A date that is not valid has no such text: String then shows its parts, for logs only.
func (d Date) String() string {
	if !d.IsValid() {
		return fmt.Sprintf("invalid date %d-%d-%d", d.Year, int(d.Month), d.Day)
	}
	return string(d.append(make([]byte, 0, len("2006-01-02"))))
}

func (d Date) append(b []byte) []byte {
	digit := func(n int) byte { return byte('0' + n%10) }
	y, m := d.Year, int(d.Month)
	return append(b, digit(y/1000), digit(y/100), digit(y/10), digit(y), '-', digit(m/10), digit(m), '-', digit(d.Day/10), digit(d.Day))
}
