// Package decimal holds exact decimal numbers: prices per unit, weights, rates. Adding, subtracting and multiplying never round;
// there is no division, since most quotients have no exact decimal form.
package decimal

import (
	"math/big"

	shopspring "github.com/shopspring/decimal"

	"github.com/banyan-go/banyan/platform/fault"
)

// MaxDigits is how many digits a number may have as text, before and behind the point together. The widest column of the platform's
// databases that holds decimals has as many.
const MaxDigits = 38

// MaxScaled is how many digits a number may have that is kept as a scaled integer of 64 bits: 19 digits would not all fit.
const MaxScaled = 18

// The errors of this package. Both are of kind fault.Invalid.
var (
	ErrSyntax = fault.New(fault.Invalid, "bad_decimal", "A decimal number is written in digits with at most one point between them, -12.50 for instance, and has at most 38 digits.")
	ErrRange  = fault.New(fault.Invalid, "decimal_range", "The number has more digits before or behind the point than there is room for.")
)

// Decimal is an exact decimal number. It is a value: no method changes it, and it may be shared between goroutines. The zero value is 0.
//
// Equal numbers are made of equal parts, however they came to be (1.50 and 1.5, 2-2 and 0), so reflect.DeepEqual compares their
// values. The operator == does not: use Compare.
type Decimal struct {
	// v is in its shortest form: its exponent is not positive, its coefficient ends in 0 only if the exponent is 0, and 0 is the zero
	// value.
	v shopspring.Decimal
}

// FromScaled returns v divided by 10 to the power of scale: FromScaled(1250, 2) is 12.5. It panics when scale is not 0 to MaxScaled.
func FromScaled(v int64, scale int) Decimal {
	if scale < 0 || scale > MaxScaled {
		panic("decimal: the scale of a scaled integer is 0 to 18")
	}
	return shortest(shopspring.New(v, int32(-scale)))
}

// shortest brings v, whose exponent is not positive, into the form that Decimal keeps.
func shortest(v shopspring.Decimal) Decimal {
	if v.IsZero() {
		return Decimal{}
	}
	exponent := v.Exponent()
	if v.NumDigits() <= MaxScaled {
		n := v.CoefficientInt64()
		if exponent == 0 || n%10 != 0 {
			return Decimal{v}
		}
		for ; exponent < 0 && n%10 == 0; exponent++ {
			n /= 10
		}
		return Decimal{shopspring.New(n, exponent)}
	}
	coefficient, quotient, digit, ten := v.Coefficient(), new(big.Int), new(big.Int), big.NewInt(10)
	for ; exponent < 0; exponent++ {
		if quotient.QuoRem(coefficient, ten, digit); digit.Sign() != 0 {
			break
		}
		coefficient, quotient = quotient, coefficient
	}
	return Decimal{shopspring.NewFromBigInt(coefficient, exponent)}
}

// decimals returns how many digits stand behind the point in the shortest form.
func (d Decimal) decimals() int { return int(-d.v.Exponent()) }

// Add returns d + e.
func (d Decimal) Add(e Decimal) Decimal { return shortest(d.v.Add(e.v)) }

// Sub returns d - e.
func (d Decimal) Sub(e Decimal) Decimal { return shortest(d.v.Sub(e.v)) }

// Mul returns d * e. The product is exact, so it has as many digits behind the point as both factors together: a chain of products
// grows. Check with Fits what is to be stored.
func (d Decimal) Mul(e Decimal) Decimal { return shortest(d.v.Mul(e.v)) }

// Neg returns -d.
func (d Decimal) Neg() Decimal { return shortest(d.v.Neg()) }

// Compare returns -1 when d is less than e, 0 when they are equal and +1 when d is greater.
func (d Decimal) Compare(e Decimal) int { return d.v.Cmp(e.v) }

// IsZero reports whether d is 0.
func (d Decimal) IsZero() bool { return d.v.IsZero() }

// Fits reports whether d can be kept, without rounding, with at most precision digits of which scale stand behind the point: what
// the SQL type numeric(precision, scale) holds. It is false for a precision or scale that makes no sense.
func (d Decimal) Fits(precision, scale int) bool {
	if scale < 0 || precision < 1 || scale > precision || d.decimals() > scale {
		return false
	}
	return d.IsZero() || d.v.NumDigits()-d.decimals() <= precision-scale
}

// Scaled returns d times 10 to the power of scale, for a column of scaled integers: 12.5 with scale 2 is 1250. It returns ErrRange
// when d has more than scale digits behind the point, when the result has more than MaxScaled digits, and when scale is not 0 to
// MaxScaled.
func (d Decimal) Scaled(scale int) (int64, error) {
	if !d.Fits(MaxScaled, scale) {
		return 0, ErrRange
	}
	v := d.v.CoefficientInt64()
	for range scale - d.decimals() {
		v *= 10
	}
	return v, nil
}
