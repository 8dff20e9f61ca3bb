// Package money holds amounts of money: whole numbers of a currency's minor unit, so that nothing is ever rounded behind one's back.
// There is no conversion between currencies and no division but Allocate.
package money

import (
	"cmp"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/banyan-go/banyan/platform/fault"
)

// The errors of arithmetic and of Parse. All are of kind fault.Invalid.
var (
	ErrMixed    = fault.New(fault.Invalid, "mixed_currencies", "Amounts of different currencies cannot be added or compared.")
	ErrOverflow = fault.New(fault.Invalid, "amount_overflow", "The amount is too large.")
	ErrParts    = fault.New(fault.Invalid, "bad_parts", "An amount is split into one part or more.")
	ErrSyntax   = fault.New(fault.Invalid, "bad_amount", "An amount is a number with the decimals of its currency, a space and the currency, 19.99 EUR for instance.")
)

// Amount is an amount of money. It is a value: no method changes it. The zero Amount has no currency and is no amount of money: it
// can be added to nothing.
//
// Amounts can be compared by == and be the keys of a map.
type Amount struct {
	// Minor counts minor units of the currency: 1999 is 19.99 EUR, and 1999 JPY. It may be negative.
	Minor    int64    `json:"amount"`
	Currency Currency `json:"currency"`
}

// New returns an amount of minor units, or ErrCurrency when the currency is not known.
func New(minor int64, currency Currency) (Amount, error) {
	if !currency.Known() {
		return Amount{}, ErrCurrency
	}
	return Amount{Minor: minor, Currency: currency}, nil
}

// IsZero reports whether a is nothing, in whatever currency.
func (a Amount) IsZero() bool { return a.Minor == 0 }

// Add returns a + b. It returns ErrMixed when their currencies differ and ErrOverflow when the sum does not fit into 64 bits.
func (a Amount) Add(b Amount) (Amount, error) {
	if a.Currency != b.Currency {
		return Amount{}, ErrMixed
	}
	sum := a.Minor + b.Minor
	// Both operands have one sign and the sum has the other.
	if (a.Minor^sum)&(b.Minor^sum) < 0 {
		return Amount{}, ErrOverflow
	}
	return Amount{sum, a.Currency}, nil
}

// Sub returns a - b, with the errors of Add.
func (a Amount) Sub(b Amount) (Amount, error) {
	if a.Currency != b.Currency {
		return Amount{}, ErrMixed
	}
	diff := a.Minor - b.Minor
	// The operands have different signs, and the difference has not that of the first.
	if (a.Minor^b.Minor)&(a.Minor^diff) < 0 {
		return Amount{}, ErrOverflow
	}
	return Amount{diff, a.Currency}, nil
}

// Mul returns a times n, or ErrOverflow when the product does not fit into 64 bits.
func (a Amount) Mul(n int64) (Amount, error) {
	negative := (a.Minor < 0) != (n < 0)
	high, low := bits.Mul64(magnitude(a.Minor), magnitude(n))
	limit := uint64(math.MaxInt64)
	if negative {
		limit++
	}
	if high != 0 || low > limit {
		return Amount{}, ErrOverflow
	}
	if negative {
		low = -low
	}
	return Amount{int64(low), a.Currency}, nil
}

// magnitude returns |n|, which for the least int64 does not fit into an int64.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// Compare returns -1 when a is less than b, 0 when they are equal and +1 when a is more, or ErrMixed when their currencies differ.
func (a Amount) Compare(b Amount) (int, error) {
	if a.Currency != b.Currency {
		return 0, ErrMixed
	}
	return cmp.Compare(a.Minor, b.Minor), nil
}

// Allocate splits a into n parts that add up to a and differ by at most one minor unit; the larger ones come first. It returns
// ErrParts when n is less than 1. The result takes memory for n amounts: bound an n that comes from outside.
func (a Amount) Allocate(n int) ([]Amount, error) {
	if n < 1 {
		return nil, ErrParts
	}
	each, rest := a.Minor/int64(n), a.Minor%int64(n)
	unit := int64(1)
	if rest < 0 {
		unit, rest = -1, -rest
	}
	parts := make([]Amount, n)
	for i := range parts {
		parts[i] = Amount{each, a.Currency}
		if int64(i) < rest {
			parts[i].Minor += unit
		}
	}
	return parts, nil
}

// String returns the amount with the decimals of its currency and the code: "19.99 EUR", "-0.05 EUR", "1999 JPY". It is for people and
// for Parse; in JSON an Amount is an object.
func (a Amount) String() string {
	text := strconv.FormatUint(magnitude(a.Minor), 10)
	if n := a.Currency.Digits(); n > 0 {
		if len(text) <= n {
			text = strings.Repeat("0", n+1-len(text)) + text
		}
		text = text[:len(text)-n] + "." + text[len(text)-n:]
	}
	if a.Minor < 0 {
		text = "-" + text
	}
	return text + " " + string(a.Currency)
}

// Parse reads what String writes for a known currency, and nothing else: "19.9 EUR", "+1.00 EUR" and "1,000.00 EUR" are refused. It
// returns ErrCurrency for a currency that is not known and ErrSyntax for everything else, also for what does not fit into 64 bits.
func Parse(s string) (Amount, error) {
	// A sign, 19 digits, a point, a space and three letters.
	const longest = 1 + 19 + 1 + 1 + 3
	number, code, found := strings.Cut(s, " ")
	if !found || len(s) > longest {
		return Amount{}, ErrSyntax
	}
	var a Amount
	if err := a.Currency.UnmarshalText([]byte(code)); err != nil {
		return Amount{}, err
	}
	minor, err := strconv.ParseInt(strings.Replace(number, ".", "", 1), 10, 64)
	if err != nil {
		return Amount{}, ErrSyntax
	}
	a.Minor = minor
	// One text for each amount: this finds a misplaced point, leading zeros, a plus sign.
	if a.String() != s {
		return Amount{}, ErrSyntax
	}
	return a, nil
}
