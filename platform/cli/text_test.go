package cli

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWrap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, indent, want string }{
		{"short", "", "short"},
		{"one two three", "", "one two\nthree"},
		{"one two three", "  ", "one two\n  three"},
		{"exactly 10", "", "exactly 10"},
		{"ab öö üüü ß", "", "ab öö üüü\nß"}, // letters count, not bytes
		{"/a/path/that/is/long", "", "/a/path/that/is/long"},
		{"in /a/path/that/is/long it is", "", "in\n/a/path/that/is/long\nit is"},
		{"  a bcdefghi j", "  ", "  a\n  bcdefghi\n  j"},
		{"its own\nlines stay here", "", "its own\nlines stay\nhere"},
		{"", "", ""},
	} {
		if got := wrap(c.text, 10, c.indent); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.text, got, c.want)
		}
		if got := wrap(c.text, 0, c.indent); got != c.text {
			t.Errorf("%q becomes %q where there is no limit", c.text, got)
		}
	}
}

// A table gives way where a terminal is too narrow, and loses nothing.
func TestTableThatFits(t *testing.T) {
	t.Parallel()
	rows := [][]string{{"KEY", "VALUE", "ORIGIN"}, {"db.dsn", "••••", "configs/profiles/replicated.yaml:14"}, {"db.pool", "", ""}}
	const limit = 32
	widths := fit(rows, limit)
	if total := widths[0] + widths[1] + widths[2] + 2*gap; total != limit {
		t.Errorf("the columns are %v, %d in all", widths, total)
	}
	for _, row := range rows {
		for i, text := range row {
			lines := pieces(text, widths[i])
			if strings.Join(lines, "") != text {
				t.Errorf("%q is broken into %q", text, lines)
			}
			for _, line := range lines {
				if utf8.RuneCountInString(line) > widths[i] {
					t.Errorf("%q is wider than %d", line, widths[i])
				}
			}
		}
	}
	if lines := pieces("configs/profiles/replicated.yaml:14", 20); lines[0] != "configs/profiles/" {
		t.Errorf("a path is broken into %q", lines)
	}
}

// What is no terminal may be read by a program: there a row is a line, without spaces at its end.
func TestTableForAProgram(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	c := &Console{Out: &b, Getenv: func(string) string { return "" }}
	long := strings.Repeat("x", 200)
	c.Table(&b, []string{"a", long, "c"}, []string{"bb", "", ""})
	if want := "a   " + long + "  c\nbb\n"; b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}
