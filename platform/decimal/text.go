package decimal

import (
	"encoding"
	"fmt"
	"math/big"
	"strings"

	shopspring "github.com/shopspring/decimal"
)

var (
	_ encoding.TextAppender    = Decimal{}
	_ encoding.TextMarshaler   = Decimal{}
	_ encoding.TextUnmarshaler = (*Decimal)(nil)
)

// longest is the length of the longest text that Parse reads: a sign, the digits, a point.
const longest = 1 + MaxDigits + 1

// Parse reads a number: an optional minus sign, digits, and optionally a point and more digits, MaxDigits digits at most. It returns
// ErrSyntax for everything else: an exponent, a plus sign, ".5", "5.", spaces, grouping. Leading zeros, trailing zeros and "-0" are
// read as what they mean. The work is bounded whatever the text.
func Parse(s string) (Decimal, error) {
	var coefficient big.Int
	digits, decimals, ok := scan(s)
	if ok {
		_, ok = coefficient.SetString(digits, 10)
	}
	if !ok {
		return Decimal{}, ErrSyntax
	}
	return shortest(shopspring.NewFromBigInt(&coefficient, int32(-decimals))), nil
}

// scan checks s, takes its point out and cuts the zeros behind it that mean nothing.
func scan(s string) (digits string, decimals int, ok bool) {
	if len(s) > longest {
		return "", 0, false
	}
	unsigned := strings.TrimPrefix(s, "-")
	whole, fraction, pointed := strings.Cut(unsigned, ".")
	if whole == "" || pointed && fraction == "" || len(whole)+len(fraction) > MaxDigits {
		return "", 0, false
	}
	for _, part := range []string{whole, fraction} {
		for i := range len(part) {
			if part[i] < '0' || part[i] > '9' {
				return "", 0, false
			}
		}
	}
	sign := s[:len(s)-len(unsigned)]
	fraction = strings.TrimRight(fraction, "0")
	return sign + whole + fraction, len(fraction), true
}

// String returns the shortest text that means exactly d: "1.5" for 1.50, "0" for -0. How many decimals a number is kept or shown with is
// not a property of the number: see Rescaled.
func (d Decimal) String() string { return d.text(d.decimals()) }

// Rescaled returns the text of d with exactly scale digits behind the point: 12.5 with scale 2 is "12.50". It returns ErrRange when
// that would need rounding and when scale is not 0 to MaxDigits.
func (d Decimal) Rescaled(scale int) (string, error) {
	if scale < d.decimals() || scale > MaxDigits {
		return "", ErrRange
	}
	return d.text(scale), nil
}

// text writes d with scale digits behind the point, not fewer than it has. It does not use the text of the library below, which a
// setting of the whole process can turn into another notation.
func (d Decimal) text(scale int) string {
	coefficient := d.v.Coefficient()
	sign := ""
	if coefficient.Sign() < 0 {
		sign = "-"
		coefficient.Neg(coefficient)
	}
	digits := coefficient.String() + strings.Repeat("0", scale-d.decimals())
	if scale == 0 {
		return sign + digits
	}
	if missing := scale + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - scale
	return sign + digits[:point] + "." + digits[point:]
}

// AppendText appends what String returns. It returns an error when that has more than MaxDigits digits, as the result of arithmetic may
// have: nobody could read it back.
func (d Decimal) AppendText(b []byte) ([]byte, error) {
	whole := max(d.v.NumDigits()-d.decimals(), 1)
	if whole+d.decimals() > MaxDigits {
		return b, fmt.Errorf("write decimal: it has more than %d digits", MaxDigits)
	}
	return append(b, d.String()...), nil
}

// MarshalText returns the text of d as AppendText does.
func (d Decimal) MarshalText() ([]byte, error) { return d.AppendText(nil) }

// UnmarshalText reads what Parse reads and returns the same errors. It leaves d alone when it fails.
func (d *Decimal) UnmarshalText(text []byte) error {
	// What is too long stays too long, and is not copied.
	v, err := Parse(string(text[:min(len(text), longest+1)]))
	if err == nil {
		*d = v
	}
	return err
}

// JSONSchema returns the JSON Schema of a decimal number as JSON text. In JSON it is a string, since most readers turn a number into a
// binary fraction.
func (Decimal) JSONSchema() string {
	return `{"type":"string","format":"decimal","pattern":"^-?[0-9]+(\\.[0-9]+)?$","maxLength":40,"description":"An exact decimal number of at most 38 digits."}`
}
