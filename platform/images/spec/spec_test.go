package spec_test

import (
	"fmt"
	"testing"

	"github.com/banyan-go/banyan/platform/images/spec"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"thumb.320+hero.1280", "[thumb.320 hero.1280]"},
		{"a.16", "[a.16]"},
		{"w2x.4096", "[w2x.4096]"},
		{"", "name the variants of the image, thumb.320+hero.1280 for instance: a name, a dot and a width in pixels each, joined by +"},
		{"thumb", `"thumb" has no width: write thumb.320`},
		{"thumb.320+", `"" has no width: write .320`},
		{"Thumb.320", `"Thumb" is no name of a variant: lower case letters and digits, a letter first, at most 20`},
		{"../x.320", `"" is no name of a variant: lower case letters and digits, a letter first, at most 20`},
		{"2x.320", `"2x" is no name of a variant: lower case letters and digits, a letter first, at most 20`},
		{"thumb.15", `"15" is no width: 16 to 4096 pixels`},
		{"thumb.4097", `"4097" is no width: 16 to 4096 pixels`},
		{"thumb.0320", `"0320" is no width: 16 to 4096 pixels`},
		{"thumb.+320", `"" is no width: 16 to 4096 pixels`},
		{"thumb.320x200", `"320x200" is no width: 16 to 4096 pixels`},
		{"a.320+a.640", "a.640 has the name or the width of another variant"},
		{"a.320+b.320", "b.320 has the name or the width of another variant"},
		{"a.100+b.101+c.102+d.103+e.104+f.105+g.106+h.107+i.108", "there are 9 variants, and may be 8"},
	} {
		all, err := spec.Parse(c.text)
		got := fmt.Sprint(all)
		if err != nil {
			got = err.Error()
		} else if again := spec.Format(all); again != c.text {
			t.Errorf("%s is written %s", c.text, again)
		}
		if got != c.want {
			t.Errorf("%s: %s\nwant %s", c.text, got, c.want)
		}
	}
}
