package sqlite

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// What is written comes back, and sorts as text as it does as time.
func TestTimes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	first, last := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli(), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).UnixMilli()
	var before time.Time
	beforeText := ""
	for i := range 5000 {
		at := time.UnixMilli(first + r.Int64N(last-first)).UTC()
		text, err := writeTime(at.In(time.FixedZone("", r.IntN(86400)-43200)).Add(time.Duration(r.IntN(1_000_000))))
		if err != nil {
			t.Fatal(err)
		}
		if got := readTime(text); got != at {
			t.Fatalf("%v is written as %s and read as %v", at, text, got)
		}
		if i > 0 && (text < beforeText) != at.Before(before) {
			t.Fatalf("%s and %s sort otherwise than %v and %v", text, beforeText, at, before)
		}
		before, beforeText = at, text
	}
}

// The hand-written reader and the engine's agree on what has the form, also where a character is wrong.
func TestReadTimeLikeTheEngine(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2, 2))
	const form, characters = "2024-02-29 23:59:59.999", "0123456789-: .T/"
	digit := func(c byte) bool { return '0' <= c && c <= '9' }
	for range 20000 {
		text, other := []byte(form), false
		for range r.IntN(3) {
			text[r.IntN(len(text))] = characters[r.IntN(len(characters))]
		}
		for i := range text {
			other = other || digit(text[i]) != digit(form[i]) || !digit(form[i]) && text[i] != form[i]
		}
		got, ok := parseTime(string(text))
		want, err := sqlite3.TimeFormat(timeFormat).Decode(string(text))
		switch {
		case ok && (err != nil || !got.Equal(want)):
			t.Fatalf("%s: %v, and the engine says %v, %v", text, got, want, err)
		case ok && other:
			t.Fatalf("%s: %v, and it has another form", text, got)
		case !ok && !other && err == nil:
			t.Fatalf("%s: refused, and the engine says %v", text, want)
		}
	}
}

func BenchmarkReadTime(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		readTime("2026-02-03 04:05:06.789")
	}
}
