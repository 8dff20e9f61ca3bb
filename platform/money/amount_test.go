package money_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/money"
)

func eur(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }

func TestText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a    money.Amount
		want string
	}{
		{eur(1999), "19.99 EUR"},
		{eur(0), "0.00 EUR"},
		{eur(5), "0.05 EUR"},
		{eur(-5), "-0.05 EUR"},
		{eur(100), "1.00 EUR"},
		{eur(-12345), "-123.45 EUR"},
		{money.Amount{Minor: 1999, Currency: "JPY"}, "1999 JPY"},
		{money.Amount{Minor: 0, Currency: "JPY"}, "0 JPY"},
		{money.Amount{Minor: -7, Currency: "KWD"}, "-0.007 KWD"},
		{money.Amount{Minor: 12345, Currency: "CLF"}, "1.2345 CLF"},
		{eur(math.MaxInt64), "92233720368547758.07 EUR"},
		{eur(math.MinInt64), "-92233720368547758.08 EUR"},
		{money.Amount{Minor: math.MinInt64, Currency: "JPY"}, "-9223372036854775808 JPY"},
	} {
		if got := c.a.String(); got != c.want {
			t.Errorf("String of %d %s = %q, want %q", c.a.Minor, c.a.Currency, got, c.want)
		}
		if got, err := money.Parse(c.want); err != nil || got != c.a {
			t.Errorf("Parse(%q) = %v, %v", c.want, got, err)
		}
	}
	if got := (money.Amount{Minor: 150, Currency: "HRK"}).String(); got != "1.50 HRK" {
		t.Errorf("a withdrawn currency: %q", got)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]error{
		"":                                  money.ErrSyntax,
		" ":                                 money.ErrCurrency,
		"19.99":                             money.ErrSyntax,
		"EUR":                               money.ErrSyntax,
		"19.99EUR":                          money.ErrSyntax,
		"19.99  EUR":                        money.ErrCurrency,
		" 19.99 EUR":                        money.ErrCurrency,
		"19.99 EUR ":                        money.ErrCurrency,
		"EUR 19.99":                         money.ErrCurrency,
		"19.99 eur":                         money.ErrCurrency,
		"19.99 XXX":                         money.ErrCurrency,
		"19 EUR":                            money.ErrSyntax,
		"19. EUR":                           money.ErrSyntax,
		"19.9 EUR":                          money.ErrSyntax,
		"19.999 EUR":                        money.ErrSyntax,
		".99 EUR":                           money.ErrSyntax,
		"-.99 EUR":                          money.ErrSyntax,
		"019.99 EUR":                        money.ErrSyntax,
		"+19.99 EUR":                        money.ErrSyntax,
		"-0.00 EUR":                         money.ErrSyntax,
		"--1.00 EUR":                        money.ErrSyntax,
		"1.9.9 EUR":                         money.ErrSyntax,
		"19,99 EUR":                         money.ErrSyntax,
		"1_9.99 EUR":                        money.ErrSyntax,
		"1e3 EUR":                           money.ErrSyntax,
		"1.5 JPY":                           money.ErrSyntax,
		"１.99 EUR":                          money.ErrSyntax,
		"92233720368547758.08 EUR":          money.ErrSyntax,
		"-92233720368547758.09 EUR":         money.ErrSyntax,
		strings.Repeat("9", 1<<20) + " EUR": money.ErrSyntax,
	} {
		// The sentinel itself and no copy: the error says nothing of what was read.
		if got, err := money.Parse(in); err != want || got != (money.Amount{}) {
			t.Errorf("Parse(%.40q) = %v, %v, want %v", in, got, err, want)
		}
	}
}

// Sums, differences and products agree with integers of any size, at the edges above all.
func TestArithmeticAgreesWithBigIntegers(t *testing.T) {
	t.Parallel()
	values := []int64{
		0, 1, -1, 2, -2, 1999, math.MaxInt64, math.MaxInt64 - 1, math.MinInt64, math.MinInt64 + 1, 1 << 62, -1 << 62, 1<<62 - 1, 3037000499,
		3037000500, -3037000500, 1 << 32, -1 << 32, 1 << 31,
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		values = append(values, int64(r.Uint64())>>r.IntN(64))
	}
	check := func(op string, a, b int64, got money.Amount, err error, want *big.Int) {
		t.Helper()
		switch {
		case want.IsInt64() && (err != nil || got != eur(want.Int64())):
			t.Fatalf("%d %s %d = %v, %v, want %v", a, op, b, got, err, want)
		case !want.IsInt64() && (!errors.Is(err, money.ErrOverflow) || got != (money.Amount{})):
			t.Fatalf("%d %s %d = %v, %v, want ErrOverflow", a, op, b, got, err)
		}
	}
	for _, a := range values {
		for _, b := range values {
			x, y := big.NewInt(a), big.NewInt(b)
			got, err := eur(a).Add(eur(b))
			check("+", a, b, got, err, new(big.Int).Add(x, y))
			got, err = eur(a).Sub(eur(b))
			check("-", a, b, got, err, new(big.Int).Sub(x, y))
			got, err = eur(a).Mul(b)
			check("*", a, b, got, err, new(big.Int).Mul(x, y))
			if c, err := eur(a).Compare(eur(b)); err != nil || c != x.Cmp(y) {
				t.Fatalf("Compare(%d, %d) = %d, %v", a, b, c, err)
			}
		}
	}
}

func TestCurrenciesDoNotMix(t *testing.T) {
	t.Parallel()
	usd := money.Amount{Minor: 1, Currency: "USD"}
	for name, f := range map[string]func(a, b money.Amount) error{
		"Add":     func(a, b money.Amount) error { _, err := a.Add(b); return err },
		"Sub":     func(a, b money.Amount) error { _, err := a.Sub(b); return err },
		"Compare": func(a, b money.Amount) error { _, err := a.Compare(b); return err },
	} {
		for _, b := range []money.Amount{usd, {}} {
			if err := f(eur(1), b); !errors.Is(err, money.ErrMixed) {
				t.Errorf("%s of EUR and %q: %v, want ErrMixed", name, b.Currency, err)
			}
		}
	}
}

func TestAllocate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		minor int64
		n     int
		want  string
	}{
		{1000, 3, "[3.34 EUR 3.33 EUR 3.33 EUR]"},
		{-1000, 3, "[-3.34 EUR -3.33 EUR -3.33 EUR]"},
		{5, 1, "[0.05 EUR]"},
		{2, 4, "[0.01 EUR 0.01 EUR 0.00 EUR 0.00 EUR]"},
		{0, 2, "[0.00 EUR 0.00 EUR]"},
	} {
		parts, err := eur(c.minor).Allocate(c.n)
		if got := fmt.Sprint(parts); err != nil || got != c.want {
			t.Errorf("Allocate %d to %d = %s, %v, want %s", c.minor, c.n, got, err, c.want)
		}
	}
	for _, n := range []int{0, -1, math.MinInt} {
		if parts, err := eur(100).Allocate(n); !errors.Is(err, money.ErrParts) || parts != nil {
			t.Errorf("Allocate to %d = %v, %v, want ErrParts", n, parts, err)
		}
	}
}

// Nothing is lost and the parts differ by one unit at most, the larger first.
func TestAllocateLosesNothing(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	amounts := []int64{math.MaxInt64, math.MinInt64, 0, 1, -1}
	for range 2000 {
		amounts = append(amounts, int64(r.Uint64())>>r.IntN(64))
	}
	for _, minor := range amounts {
		n := 1 + r.IntN(200)
		parts, err := eur(minor).Allocate(n)
		if err != nil || len(parts) != n {
			t.Fatalf("Allocate %d to %d: %d parts, %v", minor, n, len(parts), err)
		}
		sum := eur(0)
		for i, p := range parts {
			if sum, err = sum.Add(p); err != nil {
				t.Fatalf("Allocate %d to %d: %v", minor, n, err)
			}
			if first := parts[0]; p != first && p.Minor != first.Minor-1 && p.Minor != first.Minor+1 {
				t.Fatalf("Allocate %d to %d: part %d is %v, the first %v", minor, n, i, p, first)
			}
			if i > 0 && magnitude(p) > magnitude(parts[i-1]) {
				t.Fatalf("Allocate %d to %d: part %d is larger than the one before", minor, n, i)
			}
		}
		if sum != eur(minor) {
			t.Fatalf("Allocate %d to %d adds up to %v", minor, n, sum)
		}
	}
}

func magnitude(a money.Amount) uint64 {
	if a.Minor < 0 {
		return -uint64(a.Minor)
	}
	return uint64(a.Minor)
}

func TestIsZero(t *testing.T) {
	t.Parallel()
	if !eur(0).IsZero() || !(money.Amount{}).IsZero() || eur(-1).IsZero() {
		t.Error("IsZero is about the number alone")
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	a, err := money.New(1999, "EUR")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(a)
	if err != nil || string(text) != `{"amount":1999,"currency":"EUR"}` {
		t.Fatalf("Marshal = %s, %v", text, err)
	}
	var back money.Amount
	if err := json.Unmarshal(text, &back); err != nil || back != a {
		t.Errorf("Unmarshal = %v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"amount":1,"currency":"eur"}`), &back); !errors.Is(err, money.ErrCurrency) {
		t.Errorf("lower case: %v", err)
	}
	if text, err := json.Marshal(money.Amount{}); err == nil {
		t.Errorf("an amount without a currency goes out as %s", text)
	}
}

func TestErrorsAreForCallers(t *testing.T) {
	t.Parallel()
	for _, err := range []error{money.ErrMixed, money.ErrOverflow, money.ErrParts, money.ErrSyntax, money.ErrCurrency} {
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("%v is of kind %v", err, fault.KindOf(err))
		}
	}
}

// Parse and String are inverse to each other, in both directions.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"19.99 EUR", "-0.05 EUR", "1999 JPY", "-9223372036854775808 JPY", "92233720368547758.08 EUR", "0.007 KWD", "", "1 XXX", "+1.00 EUR"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := money.Parse(s)
		if err != nil {
			if a != (money.Amount{}) || fault.KindOf(err) != fault.Invalid {
				t.Fatalf("Parse(%q) = %v, %v", s, a, err)
			}
			return
		}
		if a.String() != s {
			t.Fatalf("%q comes back as %q", s, a)
		}
		if exact, ok := new(big.Rat).SetString(strings.Fields(s)[0]); !ok ||
			exact.Mul(exact, new(big.Rat).SetInt64(int64(math.Pow10(a.Currency.Digits())))).Cmp(new(big.Rat).SetInt64(a.Minor)) != 0 {
			t.Fatalf("%q is %d minor units", s, a.Minor)
		}
	})
}

func BenchmarkString(b *testing.B) {
	for b.Loop() {
		_ = eur(1999).String()
	}
}

func ExampleAmount_Allocate() {
	bill, _ := money.New(1000, "EUR")
	parts, _ := bill.Allocate(3)
	fmt.Println(parts)
	// Output: [3.34 EUR 3.33 EUR 3.33 EUR]
}

func ExampleAmount_Add() {
	price, _ := money.Parse("19.99 EUR")
	shipping, _ := money.Parse("4.90 EUR")
	total, err := price.Add(shipping)
	fmt.Println(total, err)
	_, err = price.Add(money.Amount{Minor: 500, Currency: "USD"})
	fmt.Println(err)
	// Output:
	// 24.89 EUR <nil>
	// mixed_currencies: Amounts of different currencies cannot be added or compared.
}
