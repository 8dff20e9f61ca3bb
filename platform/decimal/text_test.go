package decimal_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/decimal"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"0": "0", "-0": "0", "0.00": "0", "-0.00": "0", "000": "0",
		"1": "1", "-1": "-1", "007": "7", "10": "10", "100": "100", "1.0": "1", "100.0": "100",
		"1.5": "1.5", "1.50": "1.5", "-12.50": "-12.5", "0.05": "0.05", "00.05": "0.05", "0.5": "0.5", "-0.5": "-0.5",
		"12345678901234567890123456789012345678":   "12345678901234567890123456789012345678",
		"-1234567890123456789.0123456789012345678": "-1234567890123456789.0123456789012345678",
		"0." + strings.Repeat("0", 36) + "1":       "0." + strings.Repeat("0", 36) + "1",
		strings.Repeat("0", 38):                    "0",
	} {
		d, err := decimal.Parse(in)
		if err != nil || d.String() != want {
			t.Errorf("Parse(%q) = %v, %v, want %s", in, d, err, want)
		}
	}
	for _, in := range []string{
		"", "-", ".", "-.", ".5", "-.5", "5.", "-5.", "+5", "--5", "- 5", " 5", "5 ", "5\n", "1,000", "1_000", "1.2.3", "1..2", "1.-2", "1-2", "5-",
		"1e3", "1E3", "1e1000000000", "0x10", "NaN", "Inf", "Infinity", "１", "٣", "1\x00", "1.5f",
		strings.Repeat("1", 39), "0." + strings.Repeat("0", 38), "-" + strings.Repeat("0", 39), strings.Repeat("9", 1<<20), strings.Repeat("-", 1<<20),
	} {
		// The sentinel itself and no copy: the error says nothing of what was read.
		if d, err := decimal.Parse(in); err != error(decimal.ErrSyntax) || !d.IsZero() {
			t.Errorf("Parse(%.40q) = %v, %v, want ErrSyntax", in, d, err)
		}
	}
}

func TestRescaled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		scale int
		want  string
	}{
		{"12.5", 2, "12.50"}, {"12.5", 1, "12.5"}, {"12", 2, "12.00"}, {"12", 0, "12"}, {"-0.05", 4, "-0.0500"}, {"0", 3, "0.000"},
		{"0", 0, "0"}, {"1.500", 1, "1.5"}, {"1", 38, "1." + strings.Repeat("0", 38)},
	} {
		if got, err := parse(t, c.text).Rescaled(c.scale); err != nil || got != c.want {
			t.Errorf("%s with %d decimals = %q, %v, want %q", c.text, c.scale, got, err, c.want)
		}
	}
	for _, c := range []struct {
		text  string
		scale int
	}{{"12.55", 1}, {"12.5", 0}, {"1", -1}, {"0", -1}, {"1", 39}, {"1", 1 << 40}} {
		if got, err := parse(t, c.text).Rescaled(c.scale); err != error(decimal.ErrRange) || got != "" {
			t.Errorf("%s with %d decimals = %q, %v, want ErrRange", c.text, c.scale, got, err)
		}
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	type row struct {
		Weight decimal.Decimal  `json:"weight"`
		Rate   *decimal.Decimal `json:"rate"`
	}
	text, err := json.Marshal(row{Weight: parse(t, "12.50")})
	if err != nil || string(text) != `{"weight":"12.5","rate":null}` {
		t.Fatalf("Marshal = %s, %v", text, err)
	}
	var back row
	if err := json.Unmarshal(text, &back); err != nil || back.Weight.Compare(parse(t, "12.5")) != 0 || back.Rate != nil {
		t.Errorf("Unmarshal = %+v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"weight":12.5}`), &back); err == nil {
		t.Error("a JSON number is read")
	}
	kept := parse(t, "7")
	for _, bad := range []string{"1e3", strings.Repeat("1", 39), strings.Repeat("1", 1<<20)} {
		if err := kept.UnmarshalText([]byte(bad)); err != error(decimal.ErrSyntax) || kept.String() != "7" {
			t.Errorf("a failed UnmarshalText: %v, and the number is %v", err, kept)
		}
	}
}

// What goes out can come in: the longest text that is written is the longest that is read.
func TestTooManyDigitsHaveNoText(t *testing.T) {
	t.Parallel()
	whole := parse(t, strings.Repeat("9", 38))
	tiny := parse(t, "0."+strings.Repeat("0", 36)+"1")
	for _, d := range []decimal.Decimal{whole, whole.Neg(), tiny, whole.Mul(parse(t, "0.1"))} {
		b, err := d.AppendText([]byte("x"))
		if err != nil || string(b) != "x"+d.String() {
			t.Errorf("AppendText of %v = %q, %v", d, b, err)
		}
		if _, err := decimal.Parse(d.String()); err != nil {
			t.Errorf("%v cannot be read back: %v", d, err)
		}
	}
	for _, d := range []decimal.Decimal{whole.Add(parse(t, "1")), tiny.Mul(parse(t, "0.1")), whole.Add(parse(t, "0.1")), whole.Mul(whole)} {
		if b, err := d.AppendText([]byte("x")); err == nil || string(b) != "x" {
			t.Errorf("AppendText of %v = %q, %v, want an error", d, b, err)
		}
		if _, err := d.MarshalText(); err == nil {
			t.Errorf("MarshalText of %v gave no error", d)
		}
		if _, err := decimal.Parse(d.String()); err == nil {
			t.Errorf("%v can be read, yet not written", d)
		}
	}
}

type schema struct {
	Type, Format, Pattern string
	MaxLength             int
}

func readSchema(t testing.TB) (schema, *regexp.Regexp) {
	t.Helper()
	var s schema
	if err := json.Unmarshal([]byte(decimal.Decimal{}.JSONSchema()), &s); err != nil {
		t.Fatal(err)
	}
	return s, regexp.MustCompile(s.Pattern)
}

// Parse accepts nothing that the schema does not describe, and of what it describes refuses only what has too many digits. What is
// accepted has one shortest text, which means the same number.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"0", "-0.00", "12.50", "007.10", ".5", "5.", "1e3", "+1", "", "12345678901234567890123456789012345678", "-1.2.3",
		"0.0000000000000000000000000000000000001", "-99999999999999999999999999999999999999",
	} {
		f.Add(s)
	}
	s, pattern := readSchema(f)
	f.Fuzz(func(t *testing.T, in string) {
		d, err := decimal.Parse(in)
		digits := len(in) - strings.Count(in, "-") - strings.Count(in, ".")
		described := pattern.MatchString(in) && digits <= decimal.MaxDigits
		if (err == nil) != described {
			t.Fatalf("Parse(%q) = %v, %v; described: %v", in, d, err, described)
		}
		if err != nil {
			return
		}
		if len(in) > s.MaxLength {
			t.Fatalf("%q is longer than the schema says", in)
		}
		want, _ := new(big.Rat).SetString(in)
		if got, ok := new(big.Rat).SetString(d.String()); !ok || got.Cmp(want) != 0 {
			t.Fatalf("Parse(%q) = %v", in, d)
		}
		out := d.String()
		if len(out) > len(in) || strings.Contains(out, ".") && strings.HasSuffix(out, "0") || out == "-0" {
			t.Fatalf("the text of %q is %q", in, out)
		}
		if again := parse(t, out); again.Compare(d) != 0 || again.String() != out {
			t.Fatalf("%q comes back as %v", out, again)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, _ = decimal.Parse("12345.67")
	}
}

func BenchmarkParseWorst(b *testing.B) {
	b.ReportAllocs()
	worst := "1." + strings.Repeat("0", 37)
	for b.Loop() {
		_, _ = decimal.Parse(worst)
	}
}

func BenchmarkString(b *testing.B) {
	b.ReportAllocs()
	d := parse(b, "12345.67")
	for b.Loop() {
		_ = d.String()
	}
}

func ExampleDecimal_Rescaled() {
	d, _ := decimal.Parse("12.5")
	shown, _ := d.Rescaled(2)
	fmt.Println(d, shown)
	// Output: 12.5 12.50
}
