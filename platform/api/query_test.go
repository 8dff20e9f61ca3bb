package api

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestParseQuery(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		query string
		want  []string // a name, its value, and so on
	}{
		{"", nil},
		{"&", nil},
		{"a=1", []string{"a", "1"}},
		{"a=1&b=2&a=3", []string{"a", "1", "b", "2", "a", "3"}},
		{"&&a=1&&", []string{"a", "1"}},
		{"a", []string{"a", ""}},
		{"a=", []string{"a", ""}},
		{"=a", []string{"", "a"}},
		{"a=b=c", []string{"a", "b=c"}},
		{"a+b=c+d", []string{"a b", "c d"}},
		{"a=%2B%26%3D%25", []string{"a", "+&=%"}},
		{"filter%5Bname%5D=x", []string{"filter[name]", "x"}},
		{"a;b=1;2", []string{"a;b", "1;2"}}, // a semicolon separates nothing (WHATWG, unlike HTML 4)
		{"a=%C3%A4ä", []string{"a", "ää"}},
		{"a=%f0%9F%98%80", []string{"a", "😀"}},
		{"a=%0d%0A", []string{"a", "\r\n"}},
		{"a=%252f", []string{"a", "%2f"}}, // decoded once
	} {
		params, err := parseQuery([]byte(c.query))
		var got []string
		for _, p := range params {
			got = append(got, p.Name, p.Value)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, %v, want %q", c.query, got, err, c.want)
		}
	}
	for _, query := range []string{
		"%", "a=%", "a=%4", "a=%4&b=1", "a%zz=1", "a=%u0041", "a=%+1", "a=% 1", "a=%%41", // no escapes
		"a=%ff", "a=\xff", "%c3=1", "a=%c3%28", "a=%c0%af", "a=%ed%a0%80", "a=%f4%90%80%80", // no UTF-8
		"a=%00", "a%00=1", "a=\x00", // NUL
	} {
		if got, err := parseQuery([]byte(query)); !errors.Is(err, errQuerySyntax) || got != nil {
			t.Errorf("%q: %q, %v", query, got, err)
		}
	}
	if got, err := parseQuery([]byte(strings.Repeat("a&&", 100))); err != nil || len(got) != 100 {
		t.Errorf("100 parameters: %d, %v", len(got), err)
	}
	if got, err := parseQuery([]byte(strings.Repeat("a&", 101))); !errors.Is(err, errQueryCount) || got != nil {
		t.Errorf("101 parameters: %d, %v", len(got), err)
	}
}

// FuzzUnescape compares with package net/url, which decodes the same and is less strict about what comes out.
func FuzzUnescape(f *testing.F) {
	for _, s := range []string{"", "a", "a+b%20c", "%C3%a4", "%ff", "%00", "%", "%4", "%zz", "ä", "\xff", "+", "%2B%25"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, plus := range []bool{true, false} {
			got, ok := unescape(s, plus)
			decode := url.PathUnescape
			if plus {
				decode = url.QueryUnescape
			}
			want, err := decode(s)
			allowed := err == nil && strings.ToValidUTF8(want, "") == want && !strings.Contains(want, "\x00")
			if ok != allowed || ok && got != want {
				t.Errorf("%q, plus %v: %q, %v; net/url has %q, %v", s, plus, got, ok, want, err)
			}
		}
	})
}

func TestSegment(t *testing.T) {
	t.Parallel()
	for n, want := range []string{"", "api", "v1", "", "a%2fb", "", ""} {
		if got := segment([]byte("/api/v1//a%2fb"), n); string(got) != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestNamesThatAreRepeated(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"page":                  "/page",
		"a.b-c_9":               "/a.b-c_9",
		strings.Repeat("x", 64): "/" + strings.Repeat("x", 64),
		strings.Repeat("x", 65): "",
		"":                      "",
		"a/b":                   "",
		"a~b":                   "",
		"a[0]":                  "",
		"<script>":              "",
		"a b":                   "",
		"größe":                 "",
		"a\r\n":                 "",
	} {
		if got := pointerTo(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
