package decimal_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/banyan-go/banyan/platform/decimal"
	"github.com/banyan-go/banyan/platform/fault"
)

func parse(t testing.TB, s string) decimal.Decimal {
	t.Helper()
	d, err := decimal.Parse(s)
	if err != nil {
		t.Fatalf("Parse(%q): %v", s, err)
	}
	return d
}

// random returns the text of a number with 1 to 38 digits.
func random(r *rand.Rand) string {
	n := 1 + r.IntN(decimal.MaxDigits)
	point := r.IntN(n)
	var b []byte
	if r.IntN(2) == 0 {
		b = append(b, '-')
	}
	for i := range n {
		if i > 0 && i == n-point {
			b = append(b, '.')
		}
		b = append(b, byte('0'+r.IntN(10)*r.IntN(2))) // many zeros
	}
	return string(b)
}

func rat(s string) *big.Rat {
	v, _ := new(big.Rat).SetString(s)
	return v
}

func TestZeroValue(t *testing.T) {
	t.Parallel()
	var zero decimal.Decimal
	one := parse(t, "1")
	if !zero.IsZero() || zero.String() != "0" || zero.Compare(parse(t, "0")) != 0 || zero.Neg().String() != "0" {
		t.Errorf("the zero value is %v", zero)
	}
	if got := zero.Add(one); got.Compare(one) != 0 {
		t.Errorf("0 + 1 = %v", got)
	}
	if got := one.Mul(zero); !got.IsZero() {
		t.Errorf("1 * 0 = %v", got)
	}
	if n, err := zero.Scaled(2); n != 0 || err != nil {
		t.Errorf("Scaled = %d, %v", n, err)
	}
	if s, err := zero.Rescaled(2); s != "0.00" || err != nil {
		t.Errorf("Rescaled = %q, %v", s, err)
	}
}

// Arithmetic agrees with fractions of any size.
func TestArithmeticIsExact(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 5_000 {
		s, u := random(r), random(r)
		a, b, x, y := parse(t, s), parse(t, u), rat(s), rat(u)
		for _, c := range []struct {
			op   string
			got  decimal.Decimal
			want *big.Rat
		}{
			{"+", a.Add(b), new(big.Rat).Add(x, y)},
			{"-", a.Sub(b), new(big.Rat).Sub(x, y)},
			{"*", a.Mul(b), new(big.Rat).Mul(x, y)},
			{"neg", a.Neg(), new(big.Rat).Neg(x)},
		} {
			if rat(c.got.String()).Cmp(c.want) != 0 {
				t.Fatalf("%s %s %s = %v, want %v", s, c.op, u, c.got, c.want)
			}
		}
		if a.Compare(b) != x.Cmp(y) || a.IsZero() != (x.Sign() == 0) {
			t.Fatalf("Compare(%s, %s) = %d", s, u, a.Compare(b))
		}
		if parse(t, s).Compare(a) != 0 || parse(t, s).String() != a.String() {
			t.Fatalf("arithmetic changed %s", s)
		}
	}
}

// Equal numbers are deeply equal, whatever way they came.
func TestEqualNumbersAreDeeplyEqual(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string][2]decimal.Decimal{
		"trailing zeros":       {parse(t, "1.50"), parse(t, "1.5")},
		"leading zeros":        {parse(t, "007"), parse(t, "7")},
		"whole":                {parse(t, "100.00"), parse(t, "100")},
		"no minus zero":        {parse(t, "-0.0"), {}},
		"a difference of zero": {parse(t, "2.5").Sub(parse(t, "2.5")), {}},
		"a sum":                {parse(t, "0.25").Add(parse(t, "0.25")), parse(t, "0.5")},
		"a product":            {parse(t, "2.5").Mul(parse(t, "4")), parse(t, "10")},
		"large":                {parse(t, "99999999999999999999999999.10"), parse(t, "99999999999999999999999999.1")},
		"a large sum":          {parse(t, "99999999999999999999999999.95").Add(parse(t, "0.05")), parse(t, "100000000000000000000000000")},
		"a large difference":   {parse(t, "99999999999999999999999999.55").Sub(parse(t, "0.05")), parse(t, "99999999999999999999999999.5")},
		"a large product":      {parse(t, "0.5").Mul(parse(t, "222222222222222222222222.2")), parse(t, "111111111111111111111111.1")},
		"scaled":               {decimal.FromScaled(-1250, 2), parse(t, "-12.5")},
		"scaled zero":          {decimal.FromScaled(0, 18), {}},
		"negated":              {parse(t, "-1").Neg(), parse(t, "1")},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: %#v and %#v differ", name, pair[0], pair[1])
		}
	}
}

func TestFits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text             string
		precision, scale int
		want             bool
	}{
		{"0", 1, 0, true}, {"0", 2, 2, true}, {"0.00", 2, 0, true},
		{"999.99", 5, 2, true}, {"-999.99", 5, 2, true}, {"1000", 5, 2, false}, {"1000.00", 5, 2, false},
		{"0.001", 5, 2, false}, {"0.010", 5, 2, true}, {"99.9", 5, 2, true}, {"999.999", 5, 2, false},
		{"0.5", 2, 2, true}, {"0.05", 2, 2, true}, {"1", 2, 2, false}, {"1.5", 2, 2, false},
		{"99999999999999999999999999999999999999", 38, 0, true}, {"99999999999999999999999999999999999999", 38, 1, false},
		{"10000000000000000000", 19, 0, false}, {"9999999999999999999", 19, 0, true},
		{"1", 0, 0, false}, {"1", -1, 0, false}, {"1", 5, -1, false}, {"0", 5, -1, false}, {"0", 2, 3, false}, {"0", 0, 0, false},
	} {
		if got := parse(t, c.text).Fits(c.precision, c.scale); got != c.want {
			t.Errorf("%s fits numeric(%d,%d): %v, want %v", c.text, c.precision, c.scale, got, c.want)
		}
	}
}

// Fits agrees with its definition: times 10^scale it is whole and below 10^precision.
func TestFitsAgreesWithFractions(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	ten := func(n int) *big.Rat {
		return new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil))
	}
	for range 5_000 {
		s := random(r)
		precision := 1 + r.IntN(38)
		scale := r.IntN(precision + 1)
		v := rat(s)
		v.Mul(v.Abs(v), ten(scale))
		want := v.IsInt() && v.Cmp(ten(precision)) < 0
		if got := parse(t, s).Fits(precision, scale); got != want {
			t.Fatalf("%s fits numeric(%d,%d): %v, want %v", s, precision, scale, got, want)
		}
	}
}

func TestScaled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		scale int
		want  int64
	}{
		{"12.5", 2, 1250}, {"-12.5", 2, -1250}, {"0", 18, 0}, {"7", 0, 7}, {"0.01", 2, 1}, {"12.50", 1, 125},
		{"999999999999999999", 0, 999_999_999_999_999_999}, {"-0.999999999999999999", 18, -999_999_999_999_999_999},
		{"9999999999999999.99", 2, 999_999_999_999_999_999},
	} {
		got, err := parse(t, c.text).Scaled(c.scale)
		if err != nil || got != c.want {
			t.Errorf("%s with scale %d = %d, %v, want %d", c.text, c.scale, got, err, c.want)
		}
		if back := decimal.FromScaled(got, c.scale); back.Compare(parse(t, c.text)) != 0 {
			t.Errorf("%s with scale %d comes back as %v", c.text, c.scale, back)
		}
	}
	for _, c := range []struct {
		text  string
		scale int
	}{
		{"0.001", 2}, {"1000000000000000000", 0}, {"-1000000000000000000", 0}, {"10000000000000000", 2},
		{"99999999999999999999999999999999999999", 0}, {"18446744073709551617", 0}, {"1", 19}, {"1", -1}, {"0", 19}, {"0", -1},
	} {
		if got, err := parse(t, c.text).Scaled(c.scale); !errors.Is(err, decimal.ErrRange) || got != 0 {
			t.Errorf("%s with scale %d = %d, %v, want ErrRange", c.text, c.scale, got, err)
		}
	}
}

func TestFromScaled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		v     int64
		scale int
		want  string
	}{
		{1250, 2, "12.5"}, {-5, 3, "-0.005"}, {0, 2, "0"}, {1000, 0, "1000"}, {1000, 3, "1"},
		{math.MaxInt64, 18, "9.223372036854775807"}, {math.MinInt64, 0, "-9223372036854775808"},
	} {
		if got := decimal.FromScaled(c.v, c.scale).String(); got != c.want {
			t.Errorf("FromScaled(%d, %d) = %s, want %s", c.v, c.scale, got, c.want)
		}
	}
	for _, scale := range []int{-1, 19} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("FromScaled takes the scale %d", scale)
				}
			}()
			decimal.FromScaled(1, scale)
		}()
	}
}

func TestErrorsAreForCallers(t *testing.T) {
	t.Parallel()
	for _, err := range []error{decimal.ErrSyntax, decimal.ErrRange} {
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("%v is of kind %v", err, fault.KindOf(err))
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	b.ReportAllocs()
	x, y := parse(b, "19.99"), parse(b, "4.9")
	for b.Loop() {
		_ = x.Add(y)
	}
}

func BenchmarkScaled(b *testing.B) {
	b.ReportAllocs()
	x := parse(b, "19.9")
	for b.Loop() {
		_, _ = x.Scaled(2)
	}
}

func ExampleDecimal_Mul() {
	price, _ := decimal.Parse("0.1925")
	weight, _ := decimal.Parse("12.500")
	fmt.Println(price.Mul(weight))
	// Output: 2.40625
}

func ExampleDecimal_Scaled() {
	weight, _ := decimal.Parse("12.5")
	stored, err := weight.Scaled(3)
	fmt.Println(stored, err, decimal.FromScaled(stored, 3))
	_, err = weight.Scaled(0)
	fmt.Println(err)
	// Output:
	// 12500 <nil> 12.5
	// decimal_range: The number has more digits before or behind the point than there is room for.
}
