package clock_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/clock"
)

func date(y int, m time.Month, d int) clock.Date { return clock.Date{Year: y, Month: m, Day: d} }

func TestParseDate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		want clock.Date
	}{
		{"2006-01-02", date(2006, 1, 2)},
		{"0001-01-01", date(1, 1, 1)},
		{"9999-12-31", date(9999, 12, 31)},
		{"2024-02-29", date(2024, 2, 29)},
		{"2000-02-29", date(2000, 2, 29)},
	} {
		got, err := clock.ParseDate(c.in)
		if err != nil || got != c.want {
			t.Errorf("ParseDate(%q) = %v, %v", c.in, got, err)
		}
		if got.String() != c.in {
			t.Errorf("%q comes back as %q", c.in, got)
		}
	}
	for _, in := range []string{
		"", "2006-1-2", "2006-01-2", "06-01-02", "2006/01/02", "2006-01-02 ", " 2006-01-02", "2006-01-02T00:00:00Z", "20060102",
		"2026-02-30", "2026-02-29", "1900-02-29", "2026-04-31", "2026-00-10", "2026-13-01", "2026-01-00", "2026-01-32",
		"0000-01-01", "-001-01-01", "+001-01-01", "10000-01-01", "2006-01-0a", "2006-0x-02", "２００６-01-02", "2006-01-\x00\x00",
	} {
		if got, err := clock.ParseDate(in); !errors.Is(err, clock.ErrDate) || !got.IsZero() {
			t.Errorf("ParseDate(%q) = %v, %v, want ErrDate", in, got, err)
		}
	}
}

// Every day of 400 years, after which the calendar repeats, against package time.
func TestCalendarAgreesWithPackageTime(t *testing.T) {
	t.Parallel()
	day := date(1801, 1, 1)
	for at := day.Time(); at.Year() < 2201; at = at.AddDate(0, 0, 1) {
		y, m, d := at.Date()
		if day != date(y, m, d) || !day.IsValid() || day.Time() != at || clock.DateOf(at) != day {
			t.Fatalf("%v is not %v", day, at)
		}
		tomorrow := at.AddDate(0, 0, 1)
		if tomorrow.Day() == 1 && date(y, m, d+1).IsValid() {
			t.Fatalf("%v: the day after the last of the month is valid", day)
		}
		day = day.AddDays(1)
	}
	const whole = 3_652_058 // days from the first date to the last one
	first, last := date(1, 1, 1), date(9999, 12, 31)
	if got := first.AddDays(whole); got != last {
		t.Errorf("%v + %d days = %v, want %v", first, whole, got, last)
	}
	if got := last.AddDays(-whole); got != first {
		t.Errorf("%v - %d days = %v, want %v", last, whole, got, first)
	}
	if got := last.AddDays(1); !got.IsZero() {
		t.Errorf("the day after the last one = %v, want none", got)
	}
}

func TestAddDays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from clock.Date
		n    int
		want clock.Date
	}{
		{date(2026, 1, 31), 1, date(2026, 2, 1)},
		{date(2024, 2, 28), 1, date(2024, 2, 29)},
		{date(2026, 1, 1), -1, date(2025, 12, 31)},
		{date(2026, 1, 1), 0, date(2026, 1, 1)},
		{date(2026, 1, 1), 365_000, date(3025, 5, 4)},
		{date(1, 1, 1), -1, clock.Date{}},
		{date(2026, 1, 1), math.MaxInt, clock.Date{}},
		{date(2026, 1, 1), math.MinInt, clock.Date{}},
		{clock.Date{}, 1, clock.Date{}},
		{date(2026, 2, 30), 1, clock.Date{}},
	} {
		if got := c.from.AddDays(c.n); got != c.want {
			t.Errorf("%v.AddDays(%d) = %v, want %v", c.from, c.n, got, c.want)
		}
	}
}

func TestCompareDates(t *testing.T) {
	t.Parallel()
	ordered := []clock.Date{{}, date(1, 1, 1), date(2025, 12, 31), date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 2)}
	for i, a := range ordered {
		for j, b := range ordered {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if a.Compare(b) != want || a.Before(b) != (want < 0) || a.After(b) != (want > 0) {
				t.Errorf("%v against %v: %d, %v, %v", a, b, a.Compare(b), a.Before(b), a.After(b))
			}
		}
	}
}

func TestDateOf(t *testing.T) {
	t.Parallel()
	late := time.Date(2026, 3, 1, 0, 30, 0, 0, time.FixedZone("CET", 3600))
	if got := clock.DateOf(late); got != date(2026, 3, 1) {
		t.Errorf("in its own location: %v", got)
	}
	if got := clock.DateOf(late.UTC()); got != date(2026, 2, 28) {
		t.Errorf("in UTC: %v", got)
	}
	for _, year := range []int{0, -1, 10_000} {
		if got := clock.DateOf(time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)); !got.IsZero() {
			t.Errorf("year %d: %v, want the zero Date", year, got)
		}
	}
}

func TestDateJSON(t *testing.T) {
	t.Parallel()
	type row struct {
		Day  clock.Date  `json:"day"`
		Gone *clock.Date `json:"gone"`
	}
	in := row{Day: date(2026, 7, 14)}
	text, err := json.Marshal(in)
	if err != nil || string(text) != `{"day":"2026-07-14","gone":null}` {
		t.Fatalf("Marshal = %s, %v", text, err)
	}
	var out row
	if err := json.Unmarshal(text, &out); err != nil || out != in {
		t.Errorf("Unmarshal = %+v, %v", out, err)
	}
	kept := date(2000, 1, 1)
	if err := kept.UnmarshalText([]byte("2026-02-30")); !errors.Is(err, clock.ErrDate) || kept != date(2000, 1, 1) {
		t.Errorf("a failed UnmarshalText: %v, and the date is %v", err, kept)
	}
}

// What is not a date neither goes out as JSON nor into a database.
func TestInvalidDateHasNoText(t *testing.T) {
	t.Parallel()
	for _, d := range []clock.Date{{}, date(2026, 2, 30), date(0, 1, 1), date(10_000, 1, 1), date(2026, 13, 1), date(2026, 1, -1)} {
		if b, err := d.AppendText([]byte("x")); err == nil || string(b) != "x" {
			t.Errorf("AppendText of %v = %q, %v", d, b, err)
		}
		if _, err := d.MarshalText(); err == nil {
			t.Errorf("MarshalText of %v gave no error", d)
		}
		if v, err := d.Value(); err == nil {
			t.Errorf("Value of %v = %v", d, v)
		}
		if got := d.Time(); !got.IsZero() {
			t.Errorf("Time of %v = %v", d, got)
		}
		if _, err := clock.ParseDate(d.String()); err == nil {
			t.Errorf("String of an invalid date reads as a date: %q", d)
		}
	}
}

func TestDateValueAndScan(t *testing.T) {
	t.Parallel()
	v, err := date(2026, 7, 4).Value()
	if err != nil || v != "2026-07-04" {
		t.Fatalf("Value = %v, %v", v, err)
	}
	for _, src := range []any{
		"2026-07-04", []byte("2026-07-04"),
		time.Date(2026, 7, 4, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 7, 4, 0, 0, 0, 0, time.FixedZone("west", -11*3600)),
	} {
		var got clock.Date
		if err := got.Scan(src); err != nil || got != date(2026, 7, 4) {
			t.Errorf("Scan(%v) = %v, %v", src, got, err)
		}
	}
	for _, src := range []any{
		nil, int64(20260704), 1.5, true, "", "2026-07-04 00:00:00", []byte("2026-02-30"),
		time.Date(2026, 7, 4, 0, 0, 0, 1, time.UTC),
		time.Date(2026, 7, 4, 2, 0, 0, 0, time.UTC),
		time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		got := date(2000, 1, 1)
		if err := got.Scan(src); err == nil || got != date(2000, 1, 1) {
			t.Errorf("Scan(%v) = %v, %v, want an error and the date unchanged", src, got, err)
		}
	}
}

func TestDateSchemaIsJSON(t *testing.T) {
	t.Parallel()
	var schema map[string]string
	if err := json.Unmarshal([]byte(clock.Date{}.JSONSchema()), &schema); err != nil || schema["format"] != "date" {
		t.Errorf("schema = %v, %v", schema, err)
	}
}

func TestAppendDateDoesNotAllocate(t *testing.T) {
	d, buf := date(2026, 7, 4), make([]byte, 0, 16)
	if n := testing.AllocsPerRun(100, func() { buf, _ = d.AppendText(buf[:0]) }); n != 0 {
		t.Errorf("AppendText allocates %v times", n)
	}
}

// ParseDate accepts what package time accepts, in the same form, in the years 1 to 9999.
func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2006-01-02", "2026-02-30", "0000-01-01", "9999-12-31", "", "2006-1-02", "+006-01-02", "2024-02-29"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := clock.ParseDate(s)
		want, wantErr := time.Parse(time.DateOnly, s)
		if (err == nil) != (wantErr == nil && want.Year() > 0) {
			t.Fatalf("ParseDate(%q) = %v, %v; package time says %v, %v", s, got, err, want, wantErr)
		}
		if err == nil && (got.Time() != want || got.String() != s) {
			t.Fatalf("ParseDate(%q) = %v, want %v", s, got, want)
		}
	})
}

func BenchmarkParseDate(b *testing.B) {
	for b.Loop() {
		_, _ = clock.ParseDate("2026-07-04")
	}
}

func ExampleParseDate() {
	d, err := clock.ParseDate("2024-02-28")
	fmt.Println(d.AddDays(2), err)
	_, err = clock.ParseDate("2026-02-30")
	fmt.Println(err)
	// Output:
	// 2024-03-01 <nil>
	// bad_date: A date is written as year, month and day, 2006-01-02 for instance, and has to be in the calendar.
}
