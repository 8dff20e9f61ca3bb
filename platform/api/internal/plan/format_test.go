package plan_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
)

func TestFormats(t *testing.T) {
	t.Parallel()
	label := strings.Repeat("a", 63)
	host := label + "." + label + "." + label + "." + strings.Repeat("a", 61) // 253
	for format, c := range map[string]struct{ good, bad []string }{
		"email": {
			[]string{"a@b", "a.b+c@example.com", "x_y!#$%&'*/=?^`{|}~-@ex-ample.org", "A@1.de", strings.Repeat("a", 64) + "@b.de",
				strings.Repeat("a", 64) + "@" + host[:189]},
			[]string{"", "a", "@b", "a@", "a@b@c", "a b@c", ".a@b", "a.@b", "a..b@c", "a@b.", "a@-b", "a@b-", "a@b_c", `"a b"@c`, "A <a@b>", "a@b, c@d",
				"(x)a@b", "a@[1.2.3.4]", "ä@b", "a@ä", "a@b\n", " a@b", strings.Repeat("a", 65) + "@b.de", strings.Repeat("a", 64) + "@" + host[:190], "a\t@b"},
		},
		"hostname": {
			[]string{"a", "a.b", "xn--mnchen-3ya.de", "1.2.3.4", label, host},
			[]string{"", ".", "a.", ".a", "a..b", "-a", "a-", "a_b", "ä", "a b", label + "a", host + "a", "a:80"},
		},
		"slug": {
			[]string{"a", "a-b", "a1-2b", "0"},
			[]string{"", "-", "a-", "-a", "a--b", "A", "a_b", "ä", "a b"},
		},
		"uri": {
			[]string{"http://a", "https://a.b/c?d=e&f#g", "https://[::1]:80/", "http://u:p@a/%20", "HTTPS://A", "http://a?x=[1]"},
			[]string{"", "a", "/a", "//a", "a.b", "http:", "http://", "http:a", "ftp://a", "javascript:alert(1)", "http://a b", "http://a/ b", "http://a\n",
				"http://a/%zz", "http://a/<b>", "http://ä", "http://a:x", "http://:80", " http://a", "mailto:a@b", `http://a\b`},
		},
		"uuid": {
			[]string{"01890a5d-ac96-774b-bcce-b302099a8057", "01890A5D-AC96-774B-BCCE-B302099A8057", "00000000-0000-0000-0000-000000000000"},
			[]string{"", "01890a5dac96774bbcceb302099a8057", "01890a5d-ac96-774b-bcce-b302099a805", "01890a5d-ac96-774b-bcce-b302099a805g",
				"{01890a5d-ac96-774b-bcce-b302099a8057}", "01890a5d-ac96-774b-bcce_b302099a8057", "01890a5dXac96-774b-bcce-b302099a8057"},
		},
		"date": {
			[]string{"2026-02-28", "2024-02-29", "0000-01-01", "9999-12-31"},
			[]string{"", "2026-02-29", "2026-2-3", "26-02-03", "2026-02-03T", "02.03.2026", "2026-13-01", "10000-01-01", "2026-02-03 "},
		},
		"date-time": {
			[]string{"2026-02-03T04:05:06Z", "2026-02-03T04:05:06.123456789012+23:59", "0000-01-01T00:00:00-00:00", "2026-02-03T04:05:06.5Z"},
			[]string{"", "2026-02-03", "2026-02-03T04:05Z", "2026-02-03T04:05:06", "2026-02-03 04:05:06Z", "2026-02-03t04:05:06z", "2026-02-03T4:05:06Z",
				"2026-02-03T04:05:06.Z", "2026-02-03T04:05:06,5Z", "2026-02-03T24:05:06Z", "2026-02-03T04:60:06Z", "2026-02-03T04:05:60Z",
				"2026-02-03T04:05:06+24:00", "2026-02-03T04:05:06+00:60", "2026-02-03T04:05:06+0100", "2026-02-03T04:05:06+01", "2026-02-30T04:05:06Z",
				"+2026-02-03T04:05:06Z", "2026-02-03T04:05:06ZZ", "2026-02-03T04:05:06.5", "2026-02-03T04:05:06.٣Z"},
		},
	} {
		p, err := plan.New(plan.Options{}).Compile(field(reflect.TypeFor[string](), `json:"f" format:"`+format+`"`), plan.Input)
		if err != nil {
			t.Fatal(err)
		}
		accepts := func(s string) bool {
			v := reflect.New(p.GoType()).Elem()
			v.Field(0).SetString(s)
			doc, err := p.Append(nil, v, nil)
			if err != nil {
				t.Fatal(err)
			}
			return p.Decode(doc, reflect.New(p.GoType()).Elem(), plan.Limits{}) == nil
		}
		for _, s := range c.good {
			if !accepts(s) {
				t.Errorf("%s: %q is refused", format, s)
			}
		}
		for _, s := range c.bad {
			if accepts(s) {
				t.Errorf("%s: %q is accepted", format, s)
			}
		}
	}
}
