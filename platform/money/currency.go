package money

import (
	"encoding"
	"errors"

	"github.com/banyan-go/banyan/platform/fault"
)

// ErrCurrency is the error for text that is not the code of a currency.
var ErrCurrency = fault.New(fault.Invalid, "bad_currency", "A currency is a code of ISO 4217 in upper case, EUR for instance.")

// Currency is the three-letter code of a currency, "EUR". Its zero value is no currency. Converting text to a Currency checks nothing:
// text from outside goes through UnmarshalText, and Known tells what that would say.
type Currency string

var (
	_ encoding.TextAppender    = Currency("")
	_ encoding.TextMarshaler   = Currency("")
	_ encoding.TextUnmarshaler = (*Currency)(nil)
)

// Known reports whether c is an active code of ISO 4217. A code that was withdrawn is not known any more, though rows of a database may
// still hold it: they can be read, computed with and written out.
func (c Currency) Known() bool {
	_, known := digits(c)
	return known
}

// Digits returns how many decimals the minor unit of c has: 2 for EUR, whose minor unit is the cent, 0 for JPY. For a code that is
// not known it returns 2, which is right for most that were withdrawn.
func (c Currency) Digits() int {
	if n, known := digits(c); known {
		return n
	}
	return 2
}

// AppendText appends the code. It returns an error when c is not three letters A to Z, so that an amount whose currency was
// forgotten does not go out.
func (c Currency) AppendText(b []byte) ([]byte, error) {
	shaped := len(c) == 3
	for i := range len(c) {
		shaped = shaped && 'A' <= c[i] && c[i] <= 'Z'
	}
	if !shaped {
		return b, errors.New("write currency: the code is not three letters A to Z")
	}
	return append(b, c...), nil
}

// MarshalText returns the code as AppendText does.
func (c Currency) MarshalText() ([]byte, error) { return c.AppendText(nil) }

// UnmarshalText reads a known code in upper case. It returns ErrCurrency for everything else and then leaves c alone.
func (c *Currency) UnmarshalText(text []byte) error {
	if len(text) != 3 || !Currency(text).Known() {
		return ErrCurrency
	}
	*c = Currency(text)
	return nil
}

// JSONSchema returns the JSON Schema of a currency as JSON text.
func (Currency) JSONSchema() string {
	return `{"type":"string","pattern":"^[A-Z]{3}$","description":"The code of a currency (ISO 4217), EUR for instance."}`
}
