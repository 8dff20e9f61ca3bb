package telemetry

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestAppendTime(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("far", -11*3600)
	for _, at := range []time.Time{
		time.Date(2026, 1, 2, 3, 4, 5, 6_999_999, time.UTC),
		time.Date(2026, 12, 31, 23, 59, 59, 999_999_999, zone),
		time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		time.Date(12345, 1, 2, 3, 4, 5, 0, time.UTC),
		time.Date(-44, 3, 15, 12, 0, 0, 0, time.UTC),
	} {
		if got, want := string(appendTime(nil, at)), at.UTC().Format("2006-01-02T15:04:05.000Z"); got != want {
			t.Errorf("appendTime(%v) = %s, want %s", at, got, want)
		}
	}
}

func TestAppendMillis(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0:                                 "0.000",
		-time.Second:                      "0.000",
		999:                               "0.000",
		time.Microsecond:                  "0.001",
		1234567 * time.Nanosecond:         "1.234",
		time.Minute + 50*time.Microsecond: "60000.050",
		90*time.Second + time.Millisecond: "90001.000",
		10*time.Millisecond + 7:           "10.000",
	} {
		if got := string(appendMillis(nil, d)); got != want {
			t.Errorf("appendMillis(%v) = %s, want %s", d, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		size int
		want string
	}{
		{"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "abc"},
		{"aé", 2, "a"}, {"aé", 3, "aé"}, {"€uro", 2, ""}, {"ab😀c", 5, "ab"}, {"ab😀c", 6, "ab😀"},
		{"\x80\x80\x80\x80\x80\x80", 5, "\x80"}, // no character begins here; still cut
	} {
		if got := cut(c.in, c.size); got != c.want {
			t.Errorf("cut(%q, %d) = %q, want %q", c.in, c.size, got, c.want)
		}
		if got := cut([]byte(c.in), c.size); string(got) != c.want {
			t.Errorf("cut of bytes (%q, %d) = %q, want %q", c.in, c.size, got, c.want)
		}
	}
}

// hostile are strings that break naive encoders.
func hostile() []string {
	return []string{
		"", "plain", `"quoted" \back\`, "line\nfeed\r\ttab", "\x00\x01\x1f\x7f", "é€😀", "\xff\xfe", "a\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80",
		"\u2028\u2029", "\ufffd", "</script>&", "\x1b[31mred", "\u202e", "\u009b31m\u0080\u00a0", "\u2066x\u2069", `{"level":"ERROR"}`, "\xe2\x80", strings.Repeat("\"", 50), "x\xe2\x82",
	}
}

// checkJSON compares what appendJSON makes of s with what encoding/json does.
func checkJSON(t *testing.T, s string) {
	t.Helper()
	got := appendJSON(nil, s)
	if !json.Valid(got) || !utf8.Valid(got) {
		t.Fatalf("%q became %q, which is not JSON", s, got)
	}
	if strings.ContainsFunc(string(got), func(r rune) bool {
		return r < ' ' || 0x80 <= r && r < 0xa0 || '\u2028' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069'
	}) {
		t.Fatalf("%q became %q, which may look like several lines, or move the terminal", s, got)
	}
	if string(appendJSON(nil, []byte(s))) != string(got) {
		t.Fatalf("%q is encoded in two ways", s)
	}
	// What encoding/json reads out of its own encoding is the reference.
	reference, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var have, want string
	if err := json.Unmarshal(got, &have); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(reference, &want); err != nil {
		t.Fatal(err)
	}
	if have != want {
		t.Fatalf("%q reads back as %q, want %q", s, have, want)
	}
}

// Eight bytes are looked at together: none may hide among the others, wherever it stands.
func TestAppendJSONOfEveryByteAtEveryPlace(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for at := range 20 {
			for _, fill := range []string{"x", "!", "~"} {
				s := strings.Repeat(fill, at) + string([]byte{byte(c)}) + strings.Repeat(fill, 19-at)
				checkJSON(t, s)
			}
		}
	}
}

func FuzzAppendJSON(f *testing.F) {
	for _, s := range hostile() {
		f.Add(s)
	}
	f.Fuzz(checkJSON)
}
