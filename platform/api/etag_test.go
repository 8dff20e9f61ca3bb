package api

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
	"github.com/banyan-go/banyan/platform/patch"
)

func TestParseIfMatch(t *testing.T) {
	t.Parallel()
	none := patch.Versions{} // what matches nothing, unlike nil
	for _, c := range []struct {
		header string
		want   patch.Versions
	}{
		{"*", nil},
		{" * ", nil},
		{`"7"`, patch.Versions{7}},
		{`"7", "8"`, patch.Versions{7, 8}},
		{`"7","8"`, patch.Versions{7, 8}},
		{"\t\"7\" ,\t\"8\" ", patch.Versions{7, 8}},
		{`, "7", , "8",`, patch.Versions{7, 8}}, // RFC 9110, section 5.6.1.2
		{`"0"`, patch.Versions{0}},
		{`"-1"`, patch.Versions{-1}},
		{`"9223372036854775807"`, patch.Versions{1<<63 - 1}},
		// Every representation of a version has its version.
		{`"7-gzip"`, patch.Versions{7}},
		{`"7-br"`, patch.Versions{7}},
		{`"7-zstd"`, patch.Versions{7}},
		{`"7-f1a2b3c4d"`, patch.Versions{7}},
		{`"7-f0-gzip"`, patch.Versions{7}},
		// Weak tags never match (RFC 9110, section 13.1.1), nor does what no answer of this server has ever had.
		{`W/"7"`, none},
		{`W/"7", "8"`, patch.Versions{8}},
		{`""`, none},
		{`"x"`, none},
		{`"*"`, none},
		{`"07"`, none},
		{`"+7"`, none},
		{`" 7"`, none},
		{`"7.0"`, none},
		{`"-0"`, none},
		{`"9223372036854775808"`, none},
		{`"7-deflate"`, none},
		{`"7-gzip-gzip"`, none},
		{`"7-f"`, none},
		{`"7-fxyz"`, none},
		{`"7-f01"`, none},
		{`"7-fABC"`, none},
		{`"7-f123456789"`, none},
		{`"7-f1-f1"`, none},
		{`"-f1"`, none},
		{`"-gzip"`, none},
		{`"7, 8"`, none},
		{"\"\xff\"", none},
		{strings.Repeat(`"7",`, 20), slices.Repeat(patch.Versions{7}, 20)},
	} {
		m, err := parseIfMatch(c.header)
		if got := m.Versions(); err != nil || !slices.Equal(got, c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("%.60s: %v, %v, want %v", c.header, got, err, c.want)
		}
	}
	for _, header := range []string{
		"", " ", ",", ", ,", "7", `7"`, `"7`, `"`, `'7'`, `"7" "8"`, `"7"8`, `"7";"8"`, `w/"7"`, `W/7`, `W/ "7"`, `W/`, `"7", *`, `*, "7"`, `**`,
		`"7"` + "\x00", strings.Repeat(`"7",`, 21),
	} {
		if m, err := parseIfMatch(header); !errors.Is(err, errIfMatch) || m.Versions() != nil {
			t.Errorf("%.60q: %v, %v", header, m, err)
		}
	}
}

func TestMatchETag(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ seen, own, want string }{
		{`"7"`, `"7"`, `"7"`},
		{`"6", "7", "8"`, `"7"`, `"7"`},
		{`W/"7"`, `"7"`, `"7"`},
		{`"7-gzip"`, `"7"`, `"7-gzip"`}, // the client has it in a coding, and keeps it
		{`"7-zstd", "7"`, `"7"`, `"7-zstd"`},
		{`"7-f1a"`, `"7-f1a"`, `"7-f1a"`},
		{`"7-f1a-br"`, `"7-f1a"`, `"7-f1a-br"`},
		{`"made-elsewhere-gzip"`, `"made-elsewhere-gzip"`, `"made-elsewhere-gzip"`}, // by a handler that compresses itself
		{`"7"`, `W/"7"`, `W/"7"`},
		{`W/"7-br"`, `W/"7"`, `W/"7-br"`},
		{"*", `"7"`, `"7"`},
		{" * ", `W/"7"`, `W/"7"`},
		{`,"7",`, `"7"`, `"7"`},
		{`""`, `""`, `""`},

		{"", `"7"`, ""},
		{`"8"`, `"7"`, ""},
		{`"77"`, `"7"`, ""},
		{`"7-x"`, `"7"`, ""},
		{`"7"`, `"7-f1a"`, ""}, // all of it is not some of it
		{`"7-f1a"`, `"7"`, ""},
		{`"7-gzip-gzip"`, `"7"`, ""},
		{`7`, `"7"`, ""},
		{`"7`, `"7"`, ""},
		{`"7" "8"`, `"7"`, ""}, // a malformed condition is no condition
		{`"7", x`, `"7"`, ""},
		{`*, "7"`, `"7"`, ""},
		{strings.Repeat(`"8",`, 20) + `"7"`, `"7"`, ""}, // nor is one of 21 tags
	} {
		if match, ok := MatchETag(c.seen, c.own); match != c.want || ok != (c.want != "") {
			t.Errorf("%.60s of %s: %s, %v, want %s", c.seen, c.own, match, ok, c.want)
		}
	}
}

func TestEachChoiceOfFieldsHasATagOfItsOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{string(Version(7)): true}
	for _, m := range []plan.Mask{{true, false}, {false, true}, {true, true}, {false, false}, {true, false, false}} {
		tag := string(Version(7).of(m))
		if seen[tag] {
			t.Errorf("%v: %s is also the tag of another choice", m, tag)
		}
		seen[tag] = true
		if again := string(Version(7).of(slices.Clone(m))); again != tag {
			t.Errorf("%v: %s, and then %s", m, tag, again)
		}
		got, err := parseIfMatch(tag)
		if err != nil || !slices.Equal(got.Versions(), patch.Versions{7}) {
			t.Errorf("%s is not read back: %v, %v", tag, got, err)
		}
	}
}
